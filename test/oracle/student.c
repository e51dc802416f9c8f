/*
 * student.c
 *		Reads p and df from each line; prints the two-sided quantile of Student's
 *		t, and the tail beyond it. Started by test/oracle/student.
 */
#include <stdio.h>

#include "plain/distribution.h"

int
main(void)
{
	double		p;
	double		df;

	while (scanf("%lf %lf", &p, &df) == 2)
	{
		double		t = student_two_sided_quantile(p, df);

		printf("%.17g %.17g\n", t, student_two_sided(t, df));
	}
	return 0;
}
