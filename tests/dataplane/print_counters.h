/* print_counters.h - what the programs of this folder answer to `counters`. */
#ifndef TESTS_DATAPLANE_PRINT_COUNTERS_H
#define TESTS_DATAPLANE_PRINT_COUNTERS_H

/* One line with all counters that are not 0, as NAME=VALUE. */
void print_counters(void);

#endif
