//! Moments and durations: integers, saturating.
use crate::prelude::*;

/// Milliseconds since the epoch.
pub type Millis = i64;

/// A force delete is possible this long after termination began (inclusive): 15 minutes.
pub const FORCE_DELETE_AFTER_MS: i64 = 900_000;

/// Seconds as milliseconds.
#[must_use]
pub const fn ms_of(seconds: u32) -> Millis {
    seconds as i64 * 1000
}

/// A duration as `mm:ss`, rounded **up** to seconds so that a remaining time is never shown as `00:00` before it is over.
#[must_use]
pub fn clock_text(ms: u64) -> String {
    let s = ms.div_ceil(1000);
    format!("{:02}:{:02}", s / 60, s % 60)
}

/// A duration for people: `45 s`, `64 min`, `17 h 46 min`.
#[must_use]
pub fn duration_text(seconds: u32) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.saturating_add(30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A moment for people: `2026-02-02 02:40:00 UTC`.
#[must_use]
pub fn moment_text(at: Millis) -> String {
    const DAYS_PER_ERA: i64 = 146_097;
    let seconds = at.div_euclid(1000);
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The Gregorian calendar repeats every 400 years; counted from 1 March of year 0 a leap day is the last of its year.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day % 3600 / 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_follow_the_calendar() {
        for (at, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
            (951_782_400_000, "2000-02-29 00:00:00 UTC"),
            (951_868_800_000, "2000-03-01 00:00:00 UTC"),
            (1_735_689_599_999, "2024-12-31 23:59:59 UTC"),
            (4_107_542_400_000, "2100-03-01 00:00:00 UTC"),
            (1_770_000_120_000, "2026-02-02 02:42:00 UTC"),
        ] {
            assert_eq!(moment_text(at), text);
        }
        assert!(
            moment_text(Millis::MIN).ends_with("UTC") && moment_text(Millis::MAX).ends_with("UTC")
        );
    }
}
