/* Memory that a thread keeps from call to call: fresh pages would cost more than what is done in
 * them. */
#ifndef MYELIN_SCRATCH_H
#define MYELIN_SCRATCH_H

#include <stdint.h>

enum { SCRATCH_PANELS, SCRATCH_PADDED, SCRATCH_TARGETS, SCRATCH_SUMS, SCRATCHES };

/* Memory for so many floats, this thread's own until it asks again; NULL where there is none. */
float *scratch(int which, int64_t floats);

#endif
