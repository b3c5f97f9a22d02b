/* SPDX-License-Identifier: Apache-2.0 */
/* Section numbers are those of the PC16550D data sheet (National Semiconductor, June 1995). */
#include "vdev/ns16550.h"

/* Register offsets, 8.0 table II */
#define REG_DATA 0 /* RBR, THR; DLL when DLAB */
#define REG_IER 1  /* DLM when DLAB */
#define REG_IIR 2  /* read */
#define REG_FCR 2  /* write */
#define REG_LCR 3
#define REG_MCR 4
#define REG_LSR 5
#define REG_MSR 6
#define REG_SCR 7

/* Interrupt enable register, 8.7 */
#define IER_RDI BIT(0)
#define IER_THRI BIT(1)
#define IER_RLSI BIT(2)
#define IER_MSI BIT(3)
#define IER_MASK 0x0f

/* Interrupt identification register, 8.6: causes in the order of their priority */
#define IIR_NONE 0x01
#define IIR_LINE_STATUS 0x06
#define IIR_DATA 0x04
#define IIR_TIMEOUT 0x0c
#define IIR_THRE 0x02
#define IIR_MODEM 0x00
#define IIR_FIFOS 0xc0

/* FIFO control register, 8.5 */
#define FCR_ENABLE BIT(0)
#define FCR_CLEAR_RX BIT(1)
#define FCR_CLEAR_TX BIT(2)
#define FCR_DMA BIT(3)
#define FCR_TRIGGER_SHIFT 6
#define FCR_TRIGGER_MASK 0xc0

/* Line control register, 8.1 */
#define LCR_LENGTH_MASK 0x03
#define LCR_STOP BIT(2)
#define LCR_PARITY BIT(3)
#define LCR_DLAB BIT(7)

/* Modem control register, 8.8 */
#define MCR_DTR BIT(0)
#define MCR_RTS BIT(1)
#define MCR_OUT1 BIT(2)
#define MCR_OUT2 BIT(3)
#define MCR_LOOP BIT(4)
#define MCR_MASK 0x1f

/* Line status register, 8.4 */
#define LSR_DR BIT(0)
#define LSR_OE BIT(1)
#define LSR_THRE BIT(5)
#define LSR_TEMT BIT(6)

/* Modem status register, 8.9 */
#define MSR_DCTS BIT(0)
#define MSR_DDSR BIT(1)
#define MSR_TERI BIT(2)
#define MSR_DDCD BIT(3)
#define MSR_DELTAS 0x0f
#define MSR_CTS BIT(4)
#define MSR_DSR BIT(5)
#define MSR_RI BIT(6)
#define MSR_DCD BIT(7)

#define CLOCK_HZ UINT64_C(1843200)
#define CLOCKS_PER_BIT 16
#define TIMEOUT_CHARACTERS 4 /* 8.10: four character times without traffic */
#define DEFAULT_DIVISOR 12   /* 9600 baud, what PC firmware leaves behind */

static bool fifos_enabled(const struct ns16550 *uart)
{
	return uart->fcr & FCR_ENABLE;
}

/* How many bytes the receiver and the transmitter hold: the FIFOs, or one holding register each. */
static unsigned int capacity(const struct ns16550 *uart)
{
	return fifos_enabled(uart) ? NS16550_FIFO_SIZE : 1;
}

static void fifo_clear(struct ns16550_fifo *fifo)
{
	fifo->head = 0;
	fifo->count = 0;
}

/* The caller has seen that there is room. */
static void fifo_put(struct ns16550_fifo *fifo, uint8_t byte)
{
	fifo->data[(fifo->head + fifo->count) % NS16550_FIFO_SIZE] = byte;
	fifo->count++;
}

/* The caller has seen that there is a byte. */
static uint8_t fifo_get(struct ns16550_fifo *fifo)
{
	uint8_t byte = fifo->data[fifo->head];

	fifo->head = (fifo->head + 1) % NS16550_FIFO_SIZE;
	fifo->count--;
	return byte;
}

static unsigned int trigger_level(const struct ns16550 *uart)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return fifos_enabled(uart) ? levels[uart->fcr >> FCR_TRIGGER_SHIFT] : 1;
}

/* Four characters in nanoseconds at the programmed rate and format; at most about 30 seconds. */
static uint64_t timeout_ns(const struct ns16550 *uart)
{
	unsigned int bits = 1u + 5u + (uart->lcr & LCR_LENGTH_MASK) + 1u;
	uint64_t divisor = uart->divisor ? uart->divisor : 1;

	bits += (uart->lcr & LCR_PARITY) ? 1 : 0;
	bits += (uart->lcr & LCR_STOP) ? 1 : 0;
	return divisor * CLOCKS_PER_BIT * bits * TIMEOUT_CHARACTERS * NSEC_PER_SEC / CLOCK_HZ;
}

/* Bytes wait below the trigger level, so that only the time-out can announce them. */
static bool rx_waits(const struct ns16550 *uart)
{
	return uart->rx.count > 0 && uart->rx.count < trigger_level(uart);
}

static uint8_t interrupt_cause(const struct ns16550 *uart, uint64_t now)
{
	if ((uart->ier & IER_RLSI) && uart->overrun)
		return IIR_LINE_STATUS;
	if ((uart->ier & IER_RDI) && uart->rx.count >= trigger_level(uart))
		return IIR_DATA;
	if ((uart->ier & IER_RDI) && rx_waits(uart) && now >= uart->rx_deadline)
		return IIR_TIMEOUT;
	if ((uart->ier & IER_THRI) && uart->thre_pending)
		return IIR_THRE;
	if ((uart->ier & IER_MSI) && (uart->msr & MSR_DELTAS))
		return IIR_MODEM;
	return IIR_NONE;
}

/* Brings the interrupt line and the time-out's timer in line with the registers. */
static void update(const struct device *dev)
{
	struct ns16550 *uart = dev->state;
	uint64_t now = device_now(dev);
	/*
	 * In loopback the outputs are inactive (8.8), OUT2 too, and with it the gate of the
	 * interrupt.
	 */
	bool gate = (uart->mcr & MCR_OUT2) && !(uart->mcr & MCR_LOOP);
	bool level = gate && interrupt_cause(uart, now) != IIR_NONE;
	bool arm = (uart->ier & IER_RDI) && rx_waits(uart) && now < uart->rx_deadline;
	uint64_t deadline = arm ? uart->rx_deadline : TIMER_OFF;

	if (level != uart->irq) {
		uart->irq = level;
		device_set_irq(dev, level);
	}
	if (deadline != uart->timer) {
		uart->timer = deadline;
		device_set_timer(dev, deadline);
	}
}

static void restart_timeout(const struct device *dev)
{
	struct ns16550 *uart = dev->state;

	uart->rx_deadline = device_now(dev) + timeout_ns(uart);
}

/* What the modem inputs show: the peer, or in loopback the own outputs (8.8). */
static uint8_t modem_inputs(const struct ns16550 *uart)
{
	unsigned int inputs = 0;

	if (!(uart->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	inputs |= (uart->mcr & MCR_RTS) ? MSR_CTS : 0;
	inputs |= (uart->mcr & MCR_DTR) ? MSR_DSR : 0;
	inputs |= (uart->mcr & MCR_OUT1) ? MSR_RI : 0;
	inputs |= (uart->mcr & MCR_OUT2) ? MSR_DCD : 0;
	return (uint8_t)inputs;
}

static void update_modem_status(struct ns16550 *uart)
{
	unsigned int inputs = modem_inputs(uart);
	unsigned int changed = inputs ^ uart->msr;
	unsigned int deltas = uart->msr & MSR_DELTAS;

	deltas |= (changed & MSR_CTS) ? MSR_DCTS : 0;
	deltas |= (changed & MSR_DSR) ? MSR_DDSR : 0;
	deltas |= (changed & MSR_DCD) ? MSR_DDCD : 0;
	/* The ring indicator counts at its end only. */
	deltas |= (changed & MSR_RI & ~inputs) ? MSR_TERI : 0;
	uart->msr = (uint8_t)(inputs | deltas);
}

static void loop_back(const struct device *dev, uint8_t byte)
{
	struct ns16550 *uart = dev->state;

	if (uart->rx.count < capacity(uart)) {
		fifo_put(&uart->rx, byte);
	} else {
		uart->overrun = true;
		/* The FIFO keeps what it has; the holding register is overwritten (8.4, bit 1). */
		if (!fifos_enabled(uart))
			uart->rx.data[uart->rx.head] = byte;
	}
	restart_timeout(dev);
}

/* Sends what waits, as far as the sink takes it. */
static void drain(const struct device *dev)
{
	struct ns16550 *uart = dev->state;

	if (uart->tx.count == 0)
		return;
	while (uart->tx.count > 0) {
		uint8_t byte = uart->tx.data[uart->tx.head];

		if (uart->mcr & MCR_LOOP)
			loop_back(dev, byte);
		else if (!device_transmit(dev, byte))
			return;
		fifo_get(&uart->tx);
	}
	uart->thre_pending = true;
}

static void write_thr(const struct device *dev, uint8_t value)
{
	struct ns16550 *uart = dev->state;

	/*
	 * Writing serves the interrupt (8.6 table IV); the transmitter is empty again at once, and
	 * that is a new cause. An edge-triggered controller must see the line fall and rise between
	 * the two.
	 */
	uart->thre_pending = false;
	update(dev);
	if (uart->tx.count < capacity(uart))
		fifo_put(&uart->tx, value);
	else if (!fifos_enabled(uart))
		uart->tx.data[uart->tx.head] = value;
	drain(dev);
}

static void write_ier(struct ns16550 *uart, uint8_t value)
{
	/* Enabling the interrupt while the transmitter is empty raises it at once, each time. */
	if (!(uart->ier & IER_THRI) && (value & IER_THRI) && uart->tx.count == 0)
		uart->thre_pending = true;
	uart->ier = value & IER_MASK;
}

static void clear_tx(struct ns16550 *uart)
{
	if (uart->tx.count > 0)
		uart->thre_pending = true;
	fifo_clear(&uart->tx);
}

static void write_fcr(struct ns16550 *uart, uint8_t value)
{
	/* Switching between the two modes clears the FIFOs (8.5, bit 0). */
	bool change = (value ^ uart->fcr) & FCR_ENABLE;

	if (change || (value & (FCR_ENABLE | FCR_CLEAR_RX)) == (FCR_ENABLE | FCR_CLEAR_RX))
		fifo_clear(&uart->rx);
	if (change || (value & (FCR_ENABLE | FCR_CLEAR_TX)) == (FCR_ENABLE | FCR_CLEAR_TX))
		clear_tx(uart);
	/* Without the enable bit the others are not programmed. */
	uart->fcr = 0;
	if (value & FCR_ENABLE)
		uart->fcr = value & (FCR_ENABLE | FCR_DMA | FCR_TRIGGER_MASK);
}

static void write_register(const struct device *dev, unsigned int reg, uint8_t value)
{
	struct ns16550 *uart = dev->state;
	bool dlab = uart->lcr & LCR_DLAB;

	switch (reg) {
	case REG_DATA:
		if (dlab)
			uart->divisor = (uint16_t)((uart->divisor & 0xff00) | value);
		else
			write_thr(dev, value);
		break;
	case REG_IER:
		if (dlab)
			uart->divisor = (uint16_t)((uart->divisor & 0x00ff) | value << 8);
		else
			write_ier(uart, value);
		break;
	case REG_FCR:
		write_fcr(uart, value);
		break;
	case REG_LCR:
		uart->lcr = value;
		break;
	case REG_MCR:
		uart->mcr = value & MCR_MASK;
		update_modem_status(uart);
		/* What the sink refused goes round when the loop closes. */
		drain(dev);
		break;
	case REG_SCR:
		uart->scratch = value;
		break;
	default: /* LSR and MSR: read-only (the data sheet reserves writes for factory tests) */
		break;
	}
	update(dev);
}

static uint8_t read_rbr(const struct device *dev)
{
	struct ns16550 *uart = dev->state;

	if (uart->rx.count == 0)
		return 0;
	restart_timeout(dev);
	return fifo_get(&uart->rx);
}

static uint8_t read_iir(const struct device *dev)
{
	struct ns16550 *uart = dev->state;
	uint8_t cause = interrupt_cause(uart, device_now(dev));

	/* Being told of the empty transmitter is what ends that interrupt. */
	if (cause == IIR_THRE)
		uart->thre_pending = false;
	return fifos_enabled(uart) ? cause | IIR_FIFOS : cause;
}

static uint8_t read_lsr(struct ns16550 *uart)
{
	unsigned int lsr = 0;

	lsr |= uart->rx.count > 0 ? LSR_DR : 0;
	lsr |= uart->overrun ? LSR_OE : 0;
	lsr |= uart->tx.count == 0 ? LSR_THRE | LSR_TEMT : 0;
	uart->overrun = false;
	return (uint8_t)lsr;
}

static uint8_t read_register(const struct device *dev, unsigned int reg)
{
	struct ns16550 *uart = dev->state;
	bool dlab = uart->lcr & LCR_DLAB;
	uint8_t value;

	switch (reg) {
	case REG_DATA:
		value = dlab ? (uint8_t)uart->divisor : read_rbr(dev);
		break;
	case REG_IER:
		value = dlab ? (uint8_t)(uart->divisor >> 8) : uart->ier;
		break;
	case REG_IIR:
		value = read_iir(dev);
		break;
	case REG_LCR:
		value = uart->lcr;
		break;
	case REG_MCR:
		value = uart->mcr;
		break;
	case REG_LSR:
		value = read_lsr(uart);
		break;
	case REG_MSR:
		value = uart->msr;
		uart->msr &= (uint8_t)~MSR_DELTAS;
		break;
	case REG_SCR:
		value = uart->scratch;
		break;
	default:
		return 0xff;
	}
	update(dev);
	return value;
}

/* A wide access is a sequence of byte accesses, as on the ISA bus. */
static uint64_t ns16550_read(const struct device *dev, unsigned int id, uint64_t offset,
			     unsigned int size)
{
	uint64_t value = 0;

	(void)id;
	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)read_register(dev, (unsigned int)offset + i) << (i * 8);
	return value;
}

static void ns16550_write(const struct device *dev, unsigned int id, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	(void)id;
	for (unsigned int i = 0; i < size; i++)
		write_register(dev, (unsigned int)offset + i, (uint8_t)(value >> (i * 8)));
}

static void ns16550_reset(const struct device *dev)
{
	struct ns16550 *uart = dev->state;
	struct ns16550 clear = {
		.divisor = DEFAULT_DIVISOR,
		/* The two that describe the outside survive, so that update() takes them back. */
		.irq = uart->irq,
		.timer = uart->timer,
	};

	*uart = clear;
	uart->msr = modem_inputs(uart);
	update(dev);
}

static void ns16550_timer(const struct device *dev, uint64_t now)
{
	(void)now;
	update(dev);
}

static bool ns16550_receive(const struct device *dev, uint8_t byte)
{
	struct ns16550 *uart = dev->state;

	/* In loopback the receiver is cut off from its input. */
	if ((uart->mcr & MCR_LOOP) || uart->rx.count >= capacity(uart))
		return false;
	fifo_put(&uart->rx, byte);
	restart_timeout(dev);
	update(dev);
	return true;
}

static void ns16550_transmit_ready(const struct device *dev)
{
	drain(dev);
	update(dev);
}

const struct device_ops ns16550_ops = {
	.compatible = "ns16550a",
	.reset = ns16550_reset,
	.read = ns16550_read,
	.write = ns16550_write,
	.timer = ns16550_timer,
	.receive = ns16550_receive,
	.transmit_ready = ns16550_transmit_ready,
};
