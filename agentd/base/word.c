/* word.c - a value of several words, word by word. */
#include "agentd/base/word.h"

#include <string.h>

bool word_take(const char **text, char *out, size_t size)
{
	size_t length = strcspn(*text, " ");

	if (length == 0 || length >= size)
		return false;
	memcpy(out, *text, length);
	out[length] = '\0';
	*text += length;
	if (**text == ' ' && (*text)[1])
		(*text)++;
	return true;
}
