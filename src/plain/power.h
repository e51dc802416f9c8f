/*
 * power.h
 *		How many deals or events a comparison needs before it can show a
 *		difference, by the normal approximation. Plain C.
 *
 * Arguments outside of their domain give NaN: rates are 0 to 1, power and level
 * between 0 and 1.
 */
#ifndef EM_POWER_H
#define EM_POWER_H

#include <stdbool.h>

/*
 * Deals on each side with which a two-sided test at this level finds the
 * difference of two rates with this power; infinite where they are equal.
 * Fleiss, Levin & Paik 2003, without continuity correction; R's power.prop.test.
 */
extern double power_deals(double before_rate, double after_rate, double power, double level);

/* The variance that teams of this size add: 1 + (size - 1) icc. Kish 1965. */
extern double power_design_effect(double deals_per_team, double icc);

/* The power of that test with n deals on each side; NaN where neither rate leaves anything to chance and they are equal. */
extern double power_of_deals(double n, double before_rate, double after_rate, double level);

/* The nearest rate below or above that n deals on each side find with this power; NaN where not even 0 or 1 is found. */
extern double power_detectable(double n, double before_rate, bool above, double power, double level);

/*
 * Events in both groups together with which the log-rank test finds a hazard
 * ratio, when this share of the deals is in one of them; infinite for a ratio of 1.
 * Schoenfeld 1981, Biometrika 68:316.
 */
extern double power_events(double hazard_ratio, double share, double power, double level);

#endif							/* EM_POWER_H */
