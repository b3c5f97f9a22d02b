/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte queue between one producer and one consumer, on any two CPUs, without a lock.
 *
 * Both indices count bytes ever moved and wrap at 2^32; their difference is what the ring holds,
 * and all of its bytes are usable. The producer alone writes @head, the consumer alone writes
 * @tail. When several CPUs share one end, they agree among themselves who uses it (a lock around
 * the calls).
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include "core/types.h"

struct ring {
	uint8_t *data;
	uint32_t size; /* bytes, a power of two */
	uint32_t head; /* bytes ever put */
	uint32_t tail; /* bytes ever got */
};

/* Makes @ring empty over @size bytes at @data; @size must be a power of two. */
static inline void ring_init(struct ring *ring, uint8_t *data, uint32_t size)
{
	ring->data = data;
	ring->size = size;
	ring->head = 0;
	ring->tail = 0;
}

/*
 * Bytes in the ring; exact at the consumer's end as a lower bound, at the producer's as an upper
 * bound.
 */
static inline uint32_t ring_used(const struct ring *ring)
{
	uint32_t tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);

	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) - tail;
}

static inline uint32_t ring_space(const struct ring *ring)
{
	return ring->size - ring_used(ring);
}

/* Producer: appends @byte; false when the ring is full. */
static inline bool ring_put(struct ring *ring, uint8_t byte)
{
	uint32_t head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);

	if (head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) == ring->size)
		return false;
	ring->data[head & (ring->size - 1)] = byte;
	__atomic_store_n(&ring->head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Consumer: the byte @ahead places behind the oldest one; @ahead must be below ring_used(). */
static inline uint8_t ring_peek(const struct ring *ring, uint32_t ahead)
{
	uint32_t tail = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);

	return ring->data[(tail + ahead) & (ring->size - 1)];
}

/* Consumer: takes the oldest byte; false when the ring is empty. */
static inline bool ring_get(struct ring *ring, uint8_t *byte)
{
	uint32_t tail = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);

	if (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) == tail)
		return false;
	*byte = ring->data[tail & (ring->size - 1)];
	__atomic_store_n(&ring->tail, tail + 1, __ATOMIC_RELEASE);
	return true;
}

#endif
