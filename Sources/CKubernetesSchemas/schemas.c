#include "CKubernetesSchemas.h"

static const unsigned char document[] = {
#embed "schemas.json"
};

const unsigned char *causeway_kubernetes_schemas(size_t *length) {
    *length = sizeof document;
    return document;
}
