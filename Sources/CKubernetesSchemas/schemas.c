#include "CKubernetesSchemas.h"

static const unsigned char schemas[] = {
#embed "schemas.json"
};

static const unsigned char defaults[] = {
#embed "defaults.json"
};

static const unsigned char protobuf[] = {
#embed "protobuf.json"
};

const unsigned char *causeway_kubernetes_schemas(size_t *length) {
    *length = sizeof schemas;
    return schemas;
}

const unsigned char *causeway_kubernetes_defaults(size_t *length) {
    *length = sizeof defaults;
    return defaults;
}

const unsigned char *causeway_kubernetes_protobuf(size_t *length) {
    *length = sizeof protobuf;
    return protobuf;
}
