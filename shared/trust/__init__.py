"""When a risk can be acted on: prediction sets, thresholds, referrals, prevalence, subgroups, leaks."""
