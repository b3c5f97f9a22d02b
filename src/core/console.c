/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console, see core/console.h.
 *
 *   cell's UART -> channel ring \
 *   cell's UART -> channel ring  > choose(): whose turn -> terminal_show() -> staging ring -> UART
 *   log ring    -> channel ring /
 *
 * What a line looks like on the terminal is core/console_format.c's.
 * Everything between the channel rings and the UART belongs to whoever holds console.lock.
 */
#include "core/console.h"

#include "core/console_format.h"
#include "core/log.h"
#include "core/pool.h"
#include "core/ring.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "core/uart.h"

#define OUTPUT_SIZE 4096u
#define INPUT_SIZE 2048u
#define LOG_CHANNEL_SIZE 1024u
#define CHUNK_MAX 240u    /* a longer line without end is shown in pieces of this size */
#define DRAIN_BUDGET 512u /* bytes formatted and bytes sent, together, in one console_drain() */
#define FLUSH_TRIES 20000000u
#define NOBODY UINT32_MAX
#define HOLD_NS UINT64_C(50000000) /* others wait that long for the end of a line */

_Static_assert(LOG_CHANNEL_SIZE >= CHUNK_MAX + 2 * LOG_READ_MIN, "log text must fit in");

/* One source of output. What follows .refused belongs to the holder of console.lock. */
struct channel {
	const char *name;
	struct ring output;
	struct ring input;
	uint32_t refused; /* atomic: a byte was refused, and nobody told the cell about space yet */
	uint32_t scanned; /* bytes of output known to hold no end of line */
	struct line line;
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
	struct terminal terminal;
	uint32_t focus;     /* .input_focus at the start of the drain */
	uint64_t focus_at;  /* console_clock() when the focused cell's latest byte was shown */
	uint32_t held;      /* a cell that has a line which waits, or NOBODY */
	uint32_t unit;      /* channel of which a whole line is being shown, or NOBODY */
	uint32_t unit_left; /* bytes of it */
	uint32_t turn;      /* channel that was chosen last */
	bool irq_on;
} console = { .unit = NOBODY };

static struct channel *channel_at(uint32_t index)
{
	return index < console.nr_cells ? &console.channels[index].channel : &console.log;
}

/* ---- Choosing what comes next ---- */

/*
 * How many bytes of a channel without focus can be shown as a line now; 0 without a whole line.
 * Says the same again until they are taken.
 */
static uint32_t line_ready(struct channel *ch)
{
	uint32_t used = ring_used(&ch->output);

	for (; ch->scanned < used; ch->scanned++) {
		uint8_t byte = ring_peek(&ch->output, ch->scanned);

		if (byte == '\n' || ch->scanned >= ch->output.size / 2)
			return ch->scanned + 1;
		/* A cut in front of CR LF would make an empty line. */
		if (ch->scanned >= CHUNK_MAX && byte != '\r')
			return ch->scanned;
	}
	return 0;
}

/*
 * Whether the terminal is in a line of the focused cell that may soon end: then other cells' lines
 * can wait, and the screen is not full of fragments. Very long lines are not waited for.
 */
static bool line_goes_on(const struct channel *focus)
{
	return console.terminal.shown == &focus->line && !focus->line.partial_lost;
}

/* The same for a line of which nothing is there to be shown: does its cell still seem to write? */
static bool line_is_young(const struct channel *focus)
{
	return line_goes_on(focus) && console_clock() < console.focus_at + HOLD_NS;
}

/* The channel whose bytes come next, or NOBODY. */
static uint32_t choose(void)
{
	struct channel *focus = channel_at(console.focus);
	bool focus_has = ring_used(&focus->output) > 0;
	bool hold;

	console.held = NOBODY;
	if (console.unit != NOBODY)
		return console.unit;

	if (focus_has && line_goes_on(focus))
		return console.focus;

	hold = !focus_has && line_is_young(focus);
	for (uint32_t i = 0; i <= console.nr_cells; i++) {
		uint32_t index = (console.turn + 1 + i) % (console.nr_cells + 1);
		bool focused = index == console.focus;
		struct channel *ch = channel_at(index);
		uint32_t left = focused ? focus_has : line_ready(ch);

		if (!left)
			continue;
		/* The log does not wait, nor does a cell that could be delayed by it. */
		if (hold && index < console.nr_cells && ring_used(&ch->output) <= OUTPUT_SIZE / 2) {
			console.held = index;
			continue;
		}
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
	bool focused = index == console.focus;
	uint8_t byte = 0;

	if (index == NOBODY) {
		if (line_begun(&ch->line)) /* the cursor goes back to where it was */
			terminal_claim(&console.terminal, &ch->line);
		return false;
	}
	if (ring_get(&ch->output, &byte)) {
		ch->scanned = 0;
		terminal_show(&console.terminal, &ch->line, byte, focused);
		if (focused)
			console.focus_at = console_clock();
	}
	if (console.unit == index && --console.unit_left == 0) {
		console.unit = NOBODY;
		if (byte != '\n' && !focused)
			terminal_cut(&console.terminal, &ch->line);
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
	console.held = NOBODY;
	for (; budget; budget--) {
		if (!ring_used(&console.terminal.staging)) {
			feed_log();
			if (step() || ring_used(&console.terminal.staging))
				continue;
			set_tx_irq(false);
			__atomic_store_n(&console.idle, console.held == NOBODY, __ATOMIC_SEQ_CST);
			return budget;
		}
		if (!uart_tx_ready()) {
			set_tx_irq(true);
			return budget;
		}
		if (ring_get(&console.terminal.staging, &byte))
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
	uint32_t held;
	uint64_t until;

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
		/* In this order: all_shown() must not see the note gone and the old idle. */
		__atomic_store_n(&console.idle, false, __ATOMIC_SEQ_CST);
		__atomic_store_n(&console.pending, 0, __ATOMIC_SEQ_CST);
		budget = pump(budget);
		held = console.held;
		until = console.focus_at + HOLD_NS;
		spin_unlock(&console.lock);
		if (held != NOBODY)
			console_output_held(held, until);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		tell_about_space();
	} while (__atomic_load_n(&console.pending, __ATOMIC_SEQ_CST));
}

/* Nobody has left a note that a drain has not seen, and the last drain left nothing. */
static bool all_shown(void)
{
	return !__atomic_load_n(&console.pending, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&console.idle, __ATOMIC_SEQ_CST);
}

void console_flush(void)
{
	for (unsigned int i = 0; i < FLUSH_TRIES; i++) {
		console_drain();
		if (!console.table || (all_shown() && uart_tx_done()))
			return;
		cpu_relax();
	}
}

void console_last_words(void)
{
	console_flush();
	if (!console.table || all_shown())
		return;
	spin_unlock(&console.lock); /* who held it all this time is dead */
	console_flush();
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
		size_t length = fmt_snprintf(ch->line.prefix, sizeof(ch->line.prefix), "[%.*s]",
					     NAME_SHOWN_MAX, ch->name);

		if (length > width)
			width = length;
	}
	for (unsigned int i = 0; i <= console.nr_cells; i++) {
		struct channel *ch = channel_at(i);
		size_t length = strlen(ch->line.prefix);

		memset(ch->line.prefix + length, ' ', width + 1 - length);
	}
}

int console_init(const struct partition_table *table)
{
	uint8_t escape = table->hypervisor.console_escape;

	console.log.name = "bulkhead";
	ring_init(&console.log.output, console.log_data, LOG_CHANNEL_SIZE);
	terminal_init(&console.terminal);
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
