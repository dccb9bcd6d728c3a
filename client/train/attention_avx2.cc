#define TRIBUTARY_ATTEND AttendAvx2
#define TRIBUTARY_ATTEND_BACKWARD AttendBackwardAvx2
#include "client/train/attention_kernel.inc"
