/* error.c - texts of the errors, and the one translation from errno. */
#include "agentd/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const char *ha_strerror(enum ha_error error)
{
	switch (error) {
	case HA_OK:
		return "success";
#define X(symbol, text)                                                                            \
	case symbol:                                                                               \
		return text;
		HA_ERRORS(X)
#undef X
	default:
		return "unknown error";
	}
}

enum ha_error ha_error_of_errno(int number)
{
	static const struct {
		int number;
		enum ha_error error;
	} rows[] = {
		{ 0, HA_OK },
		{ ENOMEM, HA_E_NOMEM },
		{ ENOSPC, HA_E_NODISK },
		{ EDQUOT, HA_E_NODISK },
		{ ENOENT, HA_E_NOTFOUND },
		{ EEXIST, HA_E_EXISTS },
		{ ENOTEMPTY, HA_E_EXISTS },
		{ EACCES, HA_E_PERMISSION },
		{ EPERM, HA_E_PERMISSION },
		{ EROFS, HA_E_PERMISSION },
		{ EADDRINUSE, HA_E_INUSE },
		{ EWOULDBLOCK, HA_E_BUSY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].number == number)
			return rows[i].error;
	return HA_E_IO;
}

enum ha_error ha_refuse(char *text, size_t size, enum ha_error why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, size, format, arguments);
	va_end(arguments);
	return why;
}
