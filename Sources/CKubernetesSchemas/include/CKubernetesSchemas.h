#ifndef CAUSEWAY_KUBERNETES_SCHEMAS_H
#define CAUSEWAY_KUBERNETES_SCHEMAS_H

#include <stddef.h>

/// The schemas of the built-in kinds as one JSON document (see `scripts/generate-schemas`).
extern const unsigned char *causeway_kubernetes_schemas(size_t *length);

/// What Kubernetes fills in where a member is absent, by definition: one JSON document.
extern const unsigned char *causeway_kubernetes_defaults(size_t *length);

/// The field numbers of the protobuf form, by definition: one JSON document (see `scripts/generate-protobuf-fields`).
extern const unsigned char *causeway_kubernetes_protobuf(size_t *length);

#endif
