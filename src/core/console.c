/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console, see core/console.h.
 *
 *   cell's UART -> channel ring \
 *   cell's UART -> channel ring  > step(): prefixes, whole lines, filter -> staging ring -> UART
 *   log ring    -> channel ring /
 *
 * Everything between the channel rings and the UART belongs to whoever holds console.lock.
 */
#include "core/console.h"

#include "core/log.h"
#include "core/pool.h"
#include "core/ring.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "core/uart.h"

#define OUTPUT_SIZE 4096u
#define INPUT_SIZE 2048u
#define LOG_CHANNEL_SIZE 1024u
#define STAGING_SIZE 512u
#define PARTIAL_MAX 256u /* what is kept of the line that a channel is in */
#define SEQUENCE_MAX 16u /* longest escape sequence that may be kept */
#define NAME_SHOWN_MAX 32
#define PREFIX_MAX (NAME_SHOWN_MAX + 3u) /* "[name] " */
#define CHUNK_MAX 240u    /* a longer line without end is shown in pieces of this size */
#define DRAIN_BUDGET 512u /* bytes formatted and bytes sent, together, in one console_drain() */
#define FLUSH_TRIES 20000000u
#define NOBODY UINT32_MAX
#define ESC 0x1b
#define DEL 0x7f

/*
 * What one step() stages at most: the end of another's line, prefixes, a partial line, a sequence.
 */
_Static_assert(2 * PREFIX_MAX + PARTIAL_MAX + SEQUENCE_MAX + 16 <= STAGING_SIZE, "a step must fit");
_Static_assert(LOG_CHANNEL_SIZE >= CHUNK_MAX + 2 * LOG_READ_MIN, "log text must fit in");

/* Where in an escape sequence (ECMA-48) a channel's output is. */
enum sequence_state {
	TEXT,
	ESCAPE,  /* ESC came, perhaps intermediate bytes */
	CONTROL, /* ESC [ parameters, until a final byte */
	STRING,  /* ESC ], P, X, ^ or _: ignored until BEL or ESC */
};

/* One source of output. What follows .refused belongs to the holder of console.lock. */
struct channel {
	const char *name;
	struct ring output;
	struct ring input;
	uint32_t refused; /* atomic: a byte was refused, and nobody told the cell about space yet */
	char prefix[PREFIX_MAX + 1];
	uint32_t scanned;    /* bytes of output known to hold no end of line */
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

struct cell_channel {
	_Alignas(4096) struct channel channel;
	uint8_t output[OUTPUT_SIZE];
	uint8_t input[INPUT_SIZE];
};

static_assert(sizeof(struct cell_channel) == CONSOLE_POOL_PAGES * PAGE_SIZE, "console.h");

static struct {
	const struct partition_table *table;
	struct cell_channel *channels; /* one a cell */
	unsigned int nr_cells;         /* that have a channel; the log's channel has this index */
	char key[8];                   /* the escape key's name, "Ctrl-]" */
	bool command;                  /* input: the escape key came */

	struct spinlock lock;
	uint32_t pending;     /* atomic: somebody wants the console drained */
	uint32_t input_focus; /* atomic: the cell that gets the input */
	uint32_t replay;      /* atomic: show the whole log again */
	bool idle;            /* atomic: the last drain left nothing to show */

	/* Under .lock: */
	struct channel log;
	uint8_t log_data[LOG_CHANNEL_SIZE];
	uint64_t log_cursor;
	struct ring staging;
	uint8_t staging_data[STAGING_SIZE];
	uint32_t focus;     /* .input_focus at the start of the drain */
	uint32_t shown;     /* the channel whose line the terminal is in; NOBODY: in none */
	uint32_t unit;      /* channel of which a whole line is being shown, or NOBODY */
	uint32_t unit_left; /* bytes of it */
	uint32_t turn;      /* channel that was chosen last */
	bool irq_on;
} console = { .shown = NOBODY, .unit = NOBODY };

static struct channel *channel_at(uint32_t index)
{
	return index < console.nr_cells ? &console.channels[index].channel : &console.log;
}

/* ---- Formatting: from a channel's bytes to the terminal's ---- */

/* There is room: step() is only called when the staging ring is empty. */
static void emit(uint8_t byte)
{
	(void)ring_put(&console.staging, byte);
}

static void emit_text(const char *text, size_t size)
{
	while (size--)
		emit((uint8_t)*text++);
}

static void forget_line(struct channel *ch)
{
	ch->partial_length = 0;
	ch->partial_lost = false;
	ch->column = 0;
}

static void end_terminal_line(void)
{
	if (channel_at(console.shown)->coloured)
		emit_text("\033[0m", 4);
	emit_text("\r\n", 2);
	console.shown = NOBODY;
}

/* Brings the terminal into the line that channel @index is in. */
static void claim(uint32_t index)
{
	struct channel *ch = channel_at(index);

	if (console.shown == index)
		return;
	if (console.shown != NOBODY)
		end_terminal_line();
	emit_text(ch->prefix, strlen(ch->prefix));
	if (ch->partial_lost)
		emit_text("...", 3);
	else
		emit_text(ch->partial, ch->partial_length);
	console.shown = index;
}

/* Notes @size bytes of the line for claim(). */
static void keep(struct channel *ch, const char *text, unsigned int size)
{
	if (ch->partial_length + size > PARTIAL_MAX) {
		ch->partial_lost = true;
		return;
	}
	memcpy(&ch->partial[ch->partial_length], text, size);
	ch->partial_length += size;
}

/* A deletion: takes @tail out of the note, which ends in it, and the character before that. */
static bool take_back(struct channel *ch, const char *tail)
{
	unsigned int size = (unsigned int)strlen(tail);
	const char *end = &ch->partial[ch->partial_length];

	if (ch->partial_length <= size || memcmp(end - size, tail, size) != 0 ||
	    end[-(int)size - 1] < ' ')
		return false;
	ch->partial_length -= size + 1;
	return true;
}

/*
 * A complete control sequence. Of cells without focus only colours are shown: others could
 * overwrite foreign lines, or make the terminal answer, and the answer would be the focused cell's
 * input.
 */
static void take_sequence(struct channel *ch, bool focused)
{
	char final = ch->sequence[ch->sequence_length - 1];

	if (ch->sequence_length == 3 && (final == 'J' || final == 'K'))
		(void)take_back(ch, "\b"); /* how line editors erase */
	if (final != 'm')
		return;
	ch->coloured = true;
	if (!focused)
		emit_text(ch->sequence, ch->sequence_length);
	keep(ch, ch->sequence, ch->sequence_length);
}

/* A byte outside escape sequences. */
static void take_text(struct channel *ch, uint8_t byte, bool focused)
{
	uint8_t previous = ch->previous;

	ch->previous = byte;
	if (byte == '\b') {
		if (!focused && !ch->column)
			return; /* would leave its line */
		ch->column -= ch->column ? 1 : 0;
	} else if (byte == DEL || (byte < ' ' && byte != '\t')) {
		return;
	} else if (byte >= 0x80 && byte < 0xa0) {
		/* The rest of a UTF-8 character, or a C1 control, raw or as U+0080 to U+009F? */
		if (previous < 0x80 || previous == 0xc2)
			return;
	} else if ((byte & 0xc0) != 0x80) {
		ch->column++;
	}
	if (!focused)
		emit(byte);
	if (byte != '\b' || !take_back(ch, "\b ")) /* how terminals' drivers erase */
		keep(ch, (const char *)&byte, 1);
}

/* Follows escape sequences, and passes on what is text or a complete control sequence. */
static void take(struct channel *ch, uint8_t byte, bool focused)
{
	if (byte == ESC) {
		ch->state = ESCAPE;
		return;
	}
	switch (ch->state) {
	case TEXT:
		take_text(ch, byte, focused);
		return;
	case ESCAPE:
		if (byte == '[') {
			memcpy(ch->sequence, "\033[", 2);
			ch->sequence_length = 2;
			ch->state = CONTROL;
		} else if (byte == 'P' || byte == 'X' || (byte >= ']' && byte <= '_')) {
			ch->state = STRING;
		} else if (byte < 0x20 || byte > 0x2f) {
			ch->state = TEXT;
		}
		return;
	case CONTROL:
		if (ch->sequence_length == SEQUENCE_MAX || byte < 0x20 || byte > 0x7e) {
			ch->state = TEXT; /* too long, or not a sequence after all */
			return;
		}
		ch->sequence[ch->sequence_length++] = (char)byte;
		ch->state = byte < 0x40 ? CONTROL : TEXT;
		if (byte >= 0x40)
			take_sequence(ch, focused);
		return;
	case STRING:
		ch->state = byte == '\a' ? TEXT : STRING;
		return;
	}
}

/* Shows one byte that channel @index put out. */
static void show(uint32_t index, uint8_t byte)
{
	struct channel *ch = channel_at(index);
	bool focused = index == console.focus;

	if (byte == '\r') {
		ch->cr = true;
		return;
	}
	if (byte == '\n') {
		ch->cr = false;
		ch->state = TEXT;
		claim(index);
		end_terminal_line();
		ch->coloured = false;
		forget_line(ch);
		return;
	}
	if (ch->cr) { /* back to the start of the line: that is behind the prefix */
		ch->cr = false;
		forget_line(ch);
		if (console.shown == index) {
			emit('\r');
			emit_text(ch->prefix, strlen(ch->prefix));
		}
	}
	claim(index);
	if (focused)
		emit(byte);
	take(ch, byte, focused);
}

/* ---- Choosing what comes next ---- */

/* How many bytes of a channel without focus can be shown as a line now; 0 without a whole line. */
static uint32_t line_ready(struct channel *ch)
{
	uint32_t used = ring_used(&ch->output);

	while (ch->scanned < used) {
		uint8_t byte = ring_peek(&ch->output, ch->scanned++);

		if (byte == '\n' || ch->scanned > ch->output.size / 2)
			return ch->scanned;
		/* A cut in front of CR LF would make an empty line. */
		if (ch->scanned > CHUNK_MAX && byte != '\r')
			return ch->scanned - 1;
	}
	return 0;
}

/* The channel whose bytes come next, or NOBODY. */
static uint32_t choose(void)
{
	struct channel *focus = channel_at(console.focus);
	bool focus_has = ring_used(&focus->output) > 0;

	if (console.unit != NOBODY)
		return console.unit;

	/* A line of the focused cell that goes on is not torn, unless it is very long. */
	if (focus_has && console.shown == console.focus && !focus->partial_lost)
		return console.focus;

	for (uint32_t i = 0; i <= console.nr_cells; i++) {
		uint32_t index = (console.turn + 1 + i) % (console.nr_cells + 1);
		bool focused = index == console.focus;
		uint32_t left = focused ? focus_has : line_ready(channel_at(index));

		if (!left)
			continue;
		console.unit = focused ? NOBODY : index;
		console.unit_left = left;
		console.turn = index;
		return index;
	}
	return NOBODY;
}

/* Formats one byte; false when there is none. */
static bool step(void)
{
	uint32_t index = choose();
	struct channel *ch = channel_at(index == NOBODY ? console.focus : index);
	uint8_t byte = 0;

	if (index == NOBODY) {
		if (ch->partial_length || ch->partial_lost)
			claim(console.focus); /* the cursor goes back to where it was */
		return false;
	}
	if (ring_get(&ch->output, &byte)) {
		ch->scanned = 0;
		show(index, byte);
	}
	if (console.unit == index && --console.unit_left == 0) {
		console.unit = NOBODY;
		if (byte != '\n' && index != console.focus && console.shown == index) {
			end_terminal_line();
			forget_line(ch);
		}
	}
	return true;
}

/* Moves log text into the log's channel. */
static void feed_log(void)
{
	char text[2 * LOG_READ_MIN];
	size_t size = 1;

	if (__atomic_exchange_n(&console.replay, 0, __ATOMIC_ACQ_REL))
		console.log_cursor = 0;
	while (size && ring_space(&console.log.output) >= sizeof(text)) {
		size = log_read(&console.log_cursor, text, sizeof(text));
		for (size_t i = 0; i < size; i++)
			(void)ring_put(&console.log.output, (uint8_t)text[i]);
	}
}

/* ---- To the UART ---- */

static void set_tx_irq(bool on)
{
	if (on || console.irq_on)
		uart_tx_irq(on);
	console.irq_on = on;
}

/* Formats and sends at most @budget bytes; returns what is left of it. */
static unsigned int pump(unsigned int budget)
{
	uint32_t focus = __atomic_load_n(&console.input_focus, __ATOMIC_ACQUIRE);
	uint8_t byte;

	if (console.focus != focus)
		console.turn = console.nr_cells - 1; /* the log is next: it announces the change */
	console.focus = focus;
	__atomic_store_n(&console.idle, false, __ATOMIC_RELAXED);
	for (; budget; budget--) {
		if (!ring_used(&console.staging)) {
			feed_log();
			if (step() || ring_used(&console.staging))
				continue;
			set_tx_irq(false);
			__atomic_store_n(&console.idle, true, __ATOMIC_RELAXED);
			return budget;
		}
		if (!uart_tx_ready()) {
			set_tx_irq(true);
			return budget;
		}
		if (ring_get(&console.staging, &byte))
			uart_tx(byte);
	}
	/* The rest is for the interrupt, which comes at once if the UART has room: off, then on. */
	set_tx_irq(false);
	set_tx_irq(true);
	return 0;
}

static void tell_about_space(void)
{
	for (unsigned int i = 0; i < console.nr_cells; i++) {
		struct channel *ch = channel_at(i);

		if (__atomic_load_n(&ch->refused, __ATOMIC_SEQ_CST) &&
		    ring_used(&ch->output) <= OUTPUT_SIZE / 2 &&
		    __atomic_exchange_n(&ch->refused, 0, __ATOMIC_SEQ_CST))
			console_output_space(i);
	}
}

void console_drain(void)
{
	unsigned int budget = DRAIN_BUDGET;

	if (!console.table)
		return;
	/*
	 * Who does not get the lock leaves a note, and the holder looks for notes after unlocking.
	 * A further round with the budget used up only makes sure that the UART's interrupt comes.
	 */
	__atomic_store_n(&console.pending, 1, __ATOMIC_SEQ_CST);
	do {
		if (!spin_trylock(&console.lock))
			return;
		__atomic_store_n(&console.pending, 0, __ATOMIC_SEQ_CST);
		budget = pump(budget);
		spin_unlock(&console.lock);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		tell_about_space();
	} while (__atomic_load_n(&console.pending, __ATOMIC_SEQ_CST));
}

void console_flush(void)
{
	for (unsigned int i = 0; i < FLUSH_TRIES; i++) {
		console_drain();
		if (!console.table || __atomic_load_n(&console.idle, __ATOMIC_RELAXED))
			return;
		cpu_relax();
	}
}

bool console_cell_put(unsigned int cell, uint8_t byte)
{
	struct channel *ch = channel_at(cell);
	bool done;

	if (cell >= console.nr_cells)
		return true; /* it has no channel: said at boot */
	done = ring_put(&ch->output, byte);
	if (!done) { /* the flag first, then a second look: not to miss space that comes now */
		__atomic_store_n(&ch->refused, 1, __ATOMIC_SEQ_CST);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		done = ring_put(&ch->output, byte);
	}
	console_drain();
	return done;
}

/* ---- Input and commands ---- */

bool console_cell_get(unsigned int cell, uint8_t *byte)
{
	return cell < console.nr_cells && ring_get(&channel_at(cell)->input, byte);
}

static void give_input_to(unsigned int cell)
{
	__atomic_store_n(&console.input_focus, cell, __ATOMIC_RELEASE);
	log_printf("input goes to %s (%s ? for help)\n", channel_at(cell)->name, console.key);
}

static void send_to_cell(uint8_t byte)
{
	uint32_t cell = console.input_focus;

	/*
	 * The escape key must work even though this cell does not read: so what does not fit is
	 * lost.
	 */
	if (ring_put(&channel_at(cell)->input, byte))
		console_input_arrived(cell);
}

static void run_command(uint8_t key)
{
	if (key == console.table->hypervisor.console_escape)
		give_input_to((console.input_focus + 1) % console.nr_cells);
	else if (key >= '0' && key <= '9' && key < '0' + console.nr_cells)
		give_input_to((unsigned int)key - '0');
	else if (key == 'e')
		send_to_cell(console.table->hypervisor.console_escape);
	else if (key == 's')
		console_show_counters();
	else if (key == 'c')
		console_show_cells();
	else if (key == 'l')
		__atomic_store_n(&console.replay, 1, __ATOMIC_RELEASE);
	else
		log_printf("%s, then:\n"
			   "  0-9  give the input to that cell  %s  give it to the next cell\n"
			   "  c    cells and vCPUs              s       exit counters of vCPUs\n"
			   "  l    show the log again           e       send %s to the cell\n",
			   console.key, console.key, console.key);
}

void console_interrupt(void)
{
	uint8_t byte;

	/* All of the input: an edge-triggered interrupt does not come again for what is left. */
	while (uart_rx(&byte)) {
		if (!console.nr_cells)
			continue; /* nobody to give it to */
		if (console.command) {
			console.command = false;
			run_command(byte);
		} else if (byte == console.table->hypervisor.console_escape) {
			console.command = true;
		} else {
			send_to_cell(byte);
		}
	}
	console_drain();
}

/* Writes all prefixes, padded so that text starts in the same column behind each of them. */
static void make_prefixes(void)
{
	size_t width = 0;

	for (unsigned int i = 0; i <= console.nr_cells; i++) {
		struct channel *ch = channel_at(i);
		size_t length = fmt_snprintf(ch->prefix, sizeof(ch->prefix), "[%.*s]",
					     NAME_SHOWN_MAX, ch->name);

		if (length > width)
			width = length;
	}
	for (unsigned int i = 0; i <= console.nr_cells; i++) {
		struct channel *ch = channel_at(i);
		size_t length = strlen(ch->prefix);

		memset(ch->prefix + length, ' ', width + 1 - length);
	}
}

int console_init(const struct partition_table *table)
{
	uint8_t escape = table->hypervisor.console_escape;

	console.log.name = "bulkhead";
	ring_init(&console.log.output, console.log_data, LOG_CHANNEL_SIZE);
	ring_init(&console.staging, console.staging_data, STAGING_SIZE);
	fmt_snprintf(console.key, sizeof(console.key), "%s%c", escape < ' ' ? "Ctrl-" : "",
		     escape < ' ' ? escape + '@' : escape);

	console.channels = (struct cell_channel *)pool_alloc(table->nr_cells * CONSOLE_POOL_PAGES);
	console.nr_cells = console.channels ? table->nr_cells : 0;
	for (unsigned int i = 0; i < console.nr_cells; i++) {
		struct cell_channel *cell = &console.channels[i];

		cell->channel.name = table->cells[i].name;
		ring_init(&cell->channel.output, cell->output, OUTPUT_SIZE);
		ring_init(&cell->channel.input, cell->input, INPUT_SIZE);
	}
	make_prefixes();
	console.table = table;
	if (console.nr_cells < table->nr_cells) {
		log_printf("the page pool is too small for the cells' consoles\n");
		return -ENOMEM;
	}
	give_input_to(0);
	return 0;
}
