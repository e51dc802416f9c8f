/*
 * rollout_report.h
 *		A rollout_summary as a panel for plain/rollout.h.
 */
#ifndef EM_ROLLOUT_REPORT_H
#define EM_ROLLOUT_REPORT_H

#include "base/compat.h"

#include "plain/rollout.h"
#include "summary/rollout_summary.h"

typedef struct RolloutPanel
{
	RolloutKind kind;
	Panel		panel;
	DateADT    *begins;			/* of the periods, ascending */
} RolloutPanel;

/* In the current context; rates in percent. 54000 above PANEL_MAX_PERIODS periods. */
extern void rollout_panel(RolloutPanel *panel, Datum summary);

#endif							/* EM_ROLLOUT_REPORT_H */
