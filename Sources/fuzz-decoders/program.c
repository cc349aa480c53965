// What libFuzzer, which brings the main function, calls with each input.
#include <stddef.h>
#include <stdint.h>

int causeway_fuzz(const uint8_t *bytes, ptrdiff_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) { return causeway_fuzz(bytes, (ptrdiff_t)count); }
