#define TRIBUTARY_ATTEND AttendPortable
#define TRIBUTARY_ATTEND_BACKWARD AttendBackwardPortable
#include "client/train/attention_kernel.inc"
