/* The part of XLA's foreign-function interface that the handlers use.
 *
 * A handler is a C function that XLA calls with one frame: where the operands and results lie, and
 * a table of what the runtime offers. The layout below is the same in versions 0.1 to 0.3 of the
 * interface, jaxlib 0.7 to 0.11; only fields up to the last one used are declared.
 */
#ifndef MYELIN_CALL_H
#define MYELIN_CALL_H

#include <stddef.h>
#include <stdint.h>

enum { DTYPE_INT32 = 4, DTYPE_FLOAT32 = 11, EXTENSION_METADATA = 1, ERROR_INVALID_ARGUMENT = 3, STAGE_EXECUTE = 3 };

typedef struct Error Error;
typedef struct Context Context;

typedef struct Extension {
    size_t size;
    int type;
    struct Extension *next;
} Extension;

typedef struct {
    size_t size;
    Extension *extension;
    int major, minor;
} Version;

typedef struct {
    size_t size;
    Version version;
    uint32_t traits;
} Metadata;

typedef struct {
    Extension base;
    Metadata *metadata;
} MetadataExtension;

typedef struct {
    size_t size;
    Extension *extension;
    int dtype;
    void *data;
    int64_t rank;
    int64_t *dims;
} Buffer;

/* Operands or results. */
typedef struct {
    size_t size;
    Extension *extension;
    int64_t count;
    int *types;
    Buffer **buffers;
} Buffers;

typedef struct {
    size_t size;
    Extension *extension;
    const char *message;
    int code;
} ErrorCreate;

typedef struct {
    size_t size;
    Extension *extension;
    Error *error;
} ErrorDestroy;

typedef struct {
    size_t size;
    Extension *extension;
    Context *context;
    void (*task)(void *);
    void *data;
} PoolSchedule;

typedef struct {
    size_t size;
    Extension *extension;
    Context *context;
    int64_t *threads;
} PoolThreads;

typedef struct {
    size_t size;
    Extension *extension;
    Version version;
    const void *internal;
    Error *(*error_create)(ErrorCreate *);
    void *error_message;
    void (*error_destroy)(ErrorDestroy *);
    void *unused[8];
    Error *(*pool_schedule)(PoolSchedule *);
    Error *(*pool_threads)(PoolThreads *);
} Runtime;

typedef struct {
    size_t size;
    Extension *extension;
    const Runtime *runtime;
    Context *context;
    int stage;
    Buffers operands;
    Buffers results;
} Frame;

#endif
