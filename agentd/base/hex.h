/* hex.h - octets as hexadecimal digits.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_HEX_H
#define AGENTD_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 to 15, or -1 when it is no such digit of either case. */
int hex_digit(char c);

/* Exactly 2 * size digits, which need not end with a NUL. On false what is in
 * *out is worth nothing. */
bool hex_parse(const char *digits, size_t length, uint8_t *out, size_t size);

/* 2 * size digits in lower case, and a NUL. */
void hex_format(const uint8_t *octets, size_t size, char *out);

#endif
