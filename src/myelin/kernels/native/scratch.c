#include "scratch.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct {
    float *at[SCRATCHES];
    int64_t floats[SCRATCHES];
} Kept;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int made;

static void forget(void *data) {
    Kept *kept = data;
    for (int which = 0; which < SCRATCHES; which++) free(kept->at[which]);
    free(kept);
}

static void make(void) { made = pthread_key_create(&key, forget) == 0; }

float *scratch(int which, int64_t floats) {
    pthread_once(&once, make);
    if (!made) return NULL;
    Kept *kept = pthread_getspecific(key);
    if (kept == NULL) {
        kept = calloc(1, sizeof *kept);
        if (kept == NULL || pthread_setspecific(key, kept) != 0) {
            free(kept);
            return NULL;
        }
    }
    if (kept->floats[which] < floats) {
        free(kept->at[which]);
        kept->floats[which] = 0;
        kept->at[which] = aligned_alloc(64, (sizeof(float) * floats + 63) / 64 * 64);
        if (kept->at[which] != NULL) kept->floats[which] = floats;
    }
    return kept->at[which];
}
