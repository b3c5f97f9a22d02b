/* SPDX-License-Identifier: Apache-2.0 */
#include "ipi.h"

#include "loongarch.h"

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

void ipi_reset(struct ipi_block *ipi, bool parked)
{
	store(&ipi->status, 0);
	store(&ipi->enable, parked ? UINT32_MAX : 0);
	for (unsigned int i = 0; i < IPI_MAIL_WORDS; i++)
		store(&ipi->mail[i], 0);
}

bool ipi_pending(const struct ipi_block *ipi)
{
	return load(&ipi->status) & load(&ipi->enable);
}

static uint64_t mailbox_0(const struct ipi_block *ipi)
{
	return load(&ipi->mail[0]) | (uint64_t)load(&ipi->mail[1]) << 32;
}

bool ipi_take_start(struct ipi_block *ipi, uint64_t *entry)
{
	if (!ipi_pending(ipi) || mailbox_0(ipi) == 0)
		return false;
	store(&ipi->status, 0);
	*entry = mailbox_0(ipi);
	return true;
}

uint32_t ipi_read(const struct ipi_block *ipi, uint64_t number)
{
	switch (number) {
	case IOCSR_IPI_STATUS:
		return load(&ipi->status);
	case IOCSR_IPI_ENABLE:
		return load(&ipi->enable);
	default:
		return number >= IOCSR_MAILBOX0 ? load(&ipi->mail[(number - IOCSR_MAILBOX0) / 4])
						: 0;
	}
}

void ipi_write(struct ipi_block *ipi, uint64_t number, uint32_t value)
{
	switch (number) {
	case IOCSR_IPI_ENABLE:
		store(&ipi->enable, value);
		break;
	case IOCSR_IPI_SET:
		__atomic_fetch_or(&ipi->status, value, __ATOMIC_SEQ_CST);
		break;
	case IOCSR_IPI_CLEAR:
		__atomic_fetch_and(&ipi->status, ~value, __ATOMIC_SEQ_CST);
		break;
	default:
		if (number >= IOCSR_MAILBOX0)
			store(&ipi->mail[(number - IOCSR_MAILBOX0) / 4], value);
		break;
	}
}

bool ipi_raise(struct ipi_block *ipi, unsigned int bit)
{
	uint32_t before = __atomic_fetch_or(&ipi->status, BIT(bit), __ATOMIC_SEQ_CST);
	/* After the status: who enables, then looks at the status, misses nothing either. */
	uint32_t enable = load(&ipi->enable);

	return !(before & enable) && (BIT(bit) & enable);
}

void ipi_mail(struct ipi_block *ipi, unsigned int word, unsigned int keep, uint32_t data)
{
	uint32_t old = load(&ipi->mail[word]);
	uint32_t mask = 0;

	for (unsigned int byte = 0; byte < 4; byte++)
		if (keep & BIT(byte))
			mask |= UINT32_C(0xff) << 8 * byte;
	while (!__atomic_compare_exchange_n(&ipi->mail[word], &old, (old & mask) | (data & ~mask),
					    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}
