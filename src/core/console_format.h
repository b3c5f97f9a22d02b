/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the console's sources share one terminal: prefixes, unfinished lines, and a filter for what
 * could do harm. What is shown goes into a staging ring, from where the console sends it.
 *
 * Nothing here locks; core/console.c calls it with its lock held.
 */
#ifndef CORE_CONSOLE_FORMAT_H
#define CORE_CONSOLE_FORMAT_H

#include "core/types.h"
#include "core/ring.h"

#define STAGING_SIZE 512u
#define PARTIAL_MAX 256u /* what is kept of the line that a source is in */
#define SEQUENCE_MAX 16u /* longest escape sequence that may be kept */
#define NAME_SHOWN_MAX 32
#define PREFIX_MAX (NAME_SHOWN_MAX + 3u) /* "[name] " */

/*
 * What one call may stage: the end of another's line, prefixes, a partial line, a sequence. Calls
 * are made only when the staging ring is empty.
 */
_Static_assert(2 * PREFIX_MAX + PARTIAL_MAX + SEQUENCE_MAX + 16 <= STAGING_SIZE, "it must fit");

/* Where in an escape sequence (ECMA-48) a source's output is. */
enum sequence_state {
	TEXT,
	ESCAPE,  /* ESC came, perhaps intermediate bytes */
	CONTROL, /* ESC [ parameters, until a final byte */
	STRING,  /* ESC ], P, X, ^ or _: ignored until BEL or ESC */
};

/* The line that a source of output is in. All zero but for the prefix: a new line. */
struct line {
	char prefix[PREFIX_MAX + 1];
	bool cr;             /* a carriage return came; what follows decides what it means */
	bool coloured;       /* a graphic rendition (ESC [ ... m) may be in effect */
	unsigned int column; /* characters since the prefix that a backspace may go back */
	uint8_t previous;    /* byte of text, to tell UTF-8 from C1 controls */
	enum sequence_state state;
	unsigned int sequence_length;
	char sequence[SEQUENCE_MAX];
	bool partial_lost; /* the line is longer than .partial */
	unsigned int partial_length;
	char partial[PARTIAL_MAX];
};

struct terminal {
	struct ring staging;
	uint8_t staging_data[STAGING_SIZE];
	struct line *shown; /* the line that the terminal is in; NULL: in none */
};

void terminal_init(struct terminal *term);

/* Brings the terminal into @line: ends another's, and shows what there is of this one. */
void terminal_claim(struct terminal *term, struct line *line);

/*
 * Shows the next byte of a source. All bytes of the one that has the focus go to the terminal;
 * those of others are filtered.
 */
void terminal_show(struct terminal *term, struct line *line, uint8_t byte, bool focused);

/* The source's next byte begins a new line, although there was no end of this one. */
void terminal_cut(struct terminal *term, struct line *line);

/* Whether the source is in the middle of a line, as far as that can be seen. */
static inline bool line_begun(const struct line *line)
{
	return line->partial_length || line->partial_lost;
}

#endif
