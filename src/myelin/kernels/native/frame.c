#include "frame.h"

#include <stddef.h>

extern const Arithmetic arithmetic_plain;
#if defined(__x86_64__)
extern const Arithmetic arithmetic_avx2, arithmetic_avx512;
#endif

const Arithmetic *chosen(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return &arithmetic_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi"))
        return &arithmetic_avx2;
#endif
    return &arithmetic_plain;
}

Error *refuse(const Frame *frame, const char *message) {
    ErrorCreate arguments = {sizeof arguments, NULL, message, ERROR_INVALID_ARGUMENT};
    return frame->runtime->error_create(&arguments);
}

int asks_for_metadata(const Frame *frame) {
    if (frame->extension == NULL || frame->extension->type != EXTENSION_METADATA) return 0;
    Metadata *metadata = ((MetadataExtension *)frame->extension)->metadata;
    metadata->version.major = frame->runtime->version.major;
    metadata->version.minor = frame->runtime->version.minor;
    metadata->traits = 0;
    return 1;
}
