/* SPDX-License-Identifier: Apache-2.0 */
/* From the sources' bytes to the terminal's, see core/console_format.h. */
#include "core/console_format.h"

#include "core/string.h"

#define ESC 0x1b
#define DEL 0x7f

/* There is room: see console_format.h. */
static void emit(struct terminal *term, uint8_t byte)
{
	(void)ring_put(&term->staging, byte);
}

static void emit_text(struct terminal *term, const char *text, size_t size)
{
	while (size--)
		emit(term, (uint8_t)*text++);
}

static void forget_line(struct line *line)
{
	line->partial_length = 0;
	line->partial_lost = false;
	line->column = 0;
}

/* @left: the line itself goes on. Programs see that in how colours are ended then. */
static void end_terminal_line(struct terminal *term, bool left)
{
	if (left)
		emit_text(term, "\033[0;0m", 6);
	else if (term->shown->coloured)
		emit_text(term, "\033[0m", 4);
	emit_text(term, "\r\n", 2);
	term->shown = NULL;
}

void terminal_claim(struct terminal *term, struct line *line)
{
	if (term->shown == line)
		return;
	if (term->shown)
		end_terminal_line(term, true);
	emit_text(term, line->prefix, strlen(line->prefix));
	if (line->partial_lost)
		emit_text(term, "...", 3);
	else
		emit_text(term, line->partial, line->partial_length);
	term->shown = line;
}

/* Notes @size bytes of the line for terminal_claim(). */
static void keep(struct line *line, const char *text, unsigned int size)
{
	if (line->partial_length + size > PARTIAL_MAX) {
		line->partial_lost = true;
		return;
	}
	memcpy(&line->partial[line->partial_length], text, size);
	line->partial_length += size;
}

/* A deletion: takes @tail out of the note, which ends in it, and the character before that. */
static bool take_back(struct line *line, const char *tail)
{
	unsigned int size = (unsigned int)strlen(tail);
	const char *end = &line->partial[line->partial_length];

	if (line->partial_length <= size || memcmp(end - size, tail, size) != 0 ||
	    end[-(int)size - 1] < ' ')
		return false;
	line->partial_length -= size + 1;
	return true;
}

/*
 * A complete control sequence. Of cells without focus only colours are shown: others could
 * overwrite foreign lines, or make the terminal answer, and the answer would be the focused cell's
 * input.
 */
static void take_sequence(struct terminal *term, struct line *line, bool focused)
{
	char final = line->sequence[line->sequence_length - 1];

	if (line->sequence_length == 3 && (final == 'J' || final == 'K'))
		(void)take_back(line, "\b"); /* how line editors erase */
	if (final != 'm')
		return;
	line->coloured = true;
	if (!focused)
		emit_text(term, line->sequence, line->sequence_length);
	keep(line, line->sequence, line->sequence_length);
}

/* A byte outside escape sequences. */
static void take_text(struct terminal *term, struct line *line, uint8_t byte, bool focused)
{
	uint8_t previous = line->previous;

	line->previous = byte;
	if (byte == '\b') {
		if (!focused && !line->column)
			return; /* would leave its line */
		line->column -= line->column ? 1 : 0;
	} else if (byte == DEL || (byte < ' ' && byte != '\t')) {
		return;
	} else if (byte >= 0x80 && byte < 0xa0) {
		/* The rest of a UTF-8 character, or a C1 control, raw or as U+0080 to U+009F? */
		if (previous < 0x80 || previous == 0xc2)
			return;
	} else if ((byte & 0xc0) != 0x80) {
		line->column++;
	}
	if (!focused)
		emit(term, byte);
	if (byte != '\b' || !take_back(line, "\b ")) /* how terminals' drivers erase */
		keep(line, (const char *)&byte, 1);
}

/* Follows escape sequences, and passes on what is text or a complete control sequence. */
static void take(struct terminal *term, struct line *line, uint8_t byte, bool focused)
{
	if (byte == ESC) {
		line->state = ESCAPE;
		return;
	}
	switch (line->state) {
	case TEXT:
		take_text(term, line, byte, focused);
		return;
	case ESCAPE:
		if (byte == '[') {
			memcpy(line->sequence, "\033[", 2);
			line->sequence_length = 2;
			line->state = CONTROL;
		} else if (byte == 'P' || byte == 'X' || (byte >= ']' && byte <= '_')) {
			line->state = STRING;
		} else if (byte < 0x20 || byte > 0x2f) {
			line->state = TEXT;
		}
		return;
	case CONTROL:
		if (line->sequence_length == SEQUENCE_MAX || byte < 0x20 || byte > 0x7e) {
			line->state = TEXT; /* too long, or not a sequence after all */
			return;
		}
		line->sequence[line->sequence_length++] = (char)byte;
		line->state = byte < 0x40 ? CONTROL : TEXT;
		if (byte >= 0x40)
			take_sequence(term, line, focused);
		return;
	case STRING:
		line->state = byte == '\a' ? TEXT : STRING;
		return;
	}
}

void terminal_show(struct terminal *term, struct line *line, uint8_t byte, bool focused)
{
	if (byte == '\r') {
		line->cr = true;
		return;
	}
	if (byte == '\n') {
		line->cr = false;
		line->state = TEXT;
		terminal_claim(term, line);
		end_terminal_line(term, false);
		line->coloured = false;
		forget_line(line);
		return;
	}
	if (line->cr) { /* back to the start of the line: that is behind the prefix */
		line->cr = false;
		forget_line(line);
		if (term->shown == line) {
			emit(term, '\r');
			emit_text(term, line->prefix, strlen(line->prefix));
		}
	}
	terminal_claim(term, line);
	if (focused)
		emit(term, byte);
	take(term, line, byte, focused);
}

void terminal_cut(struct terminal *term, struct line *line)
{
	if (term->shown != line)
		return;
	end_terminal_line(term, true);
	forget_line(line);
}

void terminal_init(struct terminal *term)
{
	ring_init(&term->staging, term->staging_data, STAGING_SIZE);
	term->shown = NULL;
}
