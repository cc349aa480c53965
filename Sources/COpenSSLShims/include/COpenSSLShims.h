// Functions for what Swift cannot reach in OpenSSL's headers: macros, casts and variadics. Nothing else.

#ifndef CAUSEWAY_OPENSSL_SHIMS_H
#define CAUSEWAY_OPENSSL_SHIMS_H

#include <openssl/bio.h>
#include <openssl/ssl.h>

/// Sets the lowest protocol version a context accepts. Returns 1, or 0 when the version is unknown.
int causeway_ssl_ctx_set_minimum_version(SSL_CTX *context, int version);

/// Sets the highest protocol version a context offers. Returns 1, or 0 when the version is unknown.
int causeway_ssl_ctx_set_maximum_version(SSL_CTX *context, int version);

/// Switches off compression, renegotiation, session caches and tickets, and automatic chains; has idle connections
/// release their buffers; orders the ciphers of TLS 1.3. Returns 1, or 0 when OpenSSL does not know one of them.
int causeway_ssl_ctx_apply_policy(SSL_CTX *context);

/// Appends a certificate to the chain sent after the leaf; takes its own reference. Returns 1, or 0 on failure.
int causeway_ssl_ctx_add_chain_certificate(SSL_CTX *context, X509 *certificate);

/// Sets the server name indication of a client. Returns 1, or 0 on failure.
int causeway_ssl_set_server_name(SSL *ssl, const char *name);

/// Marks a BIO as "nothing to read yet, ask again".
void causeway_bio_set_retry_read(BIO *bio);

/// Clears the retry marks of a BIO.
void causeway_bio_clear_retry(BIO *bio);

#endif
