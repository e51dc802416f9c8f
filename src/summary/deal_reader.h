/*
 * deal_reader.h
 *		The deals of an event buffer.
 */
#ifndef EM_DEAL_READER_H
#define EM_DEAL_READER_H

#include "summary/event_buffer.h"

/*
 * Hands out deal by deal, in no order that means anything: the events of one,
 * in order of time, good until the next call; NULL after the last. The buffer
 * stays as it is. 54000 for more than 2^31 events in one partition.
 */
typedef struct StageEvent
{
	uint64		key;
	int64		at;
	uint32		role;
	uint32		name;			/* its place among those of the partition */
} StageEvent;

typedef struct DealReader DealReader;

extern DealReader *deal_reader_create(const EventBuffer *buffer);
extern const StageEvent *deal_reader_next(DealReader *reader, size_t *nevents);

#endif							/* EM_DEAL_READER_H */
