/* A scheme with a step of each kind. */
#ifndef UNIT_TEST_SCHEME_HARNESS_H
#define UNIT_TEST_SCHEME_HARNESS_H

static const char definition[] =
	"{\"start\":100,\"floor\":0,\"horizon_days\":300,"
	"\"deductions\":{\"low\":3,\"moderate\":10,\"high\":45,\"unknown\":1},"
	"\"decay\":[{\"days_max\":100,\"percent\":100},"
	"{\"days_max\":200,\"percent\":50},{\"days_max\":400,\"percent\":10}],"
	"\"grades\":[{\"grade\":\"A\",\"min\":90},{\"grade\":\"B\",\"min\":50},"
	"{\"grade\":\"D\",\"min\":0}],"
	"\"uncounted_visits\":[\"construction\",\"new \"]}";

#endif
