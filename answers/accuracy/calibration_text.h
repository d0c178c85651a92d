/*
 * calibration_text.h - the built-in calibration, embedded at build time.
 */
#ifndef MIGCAST_ANSWERS_CALIBRATION_TEXT_H
#define MIGCAST_ANSWERS_CALIBRATION_TEXT_H

extern const char calibration_text_lab[];

#endif
