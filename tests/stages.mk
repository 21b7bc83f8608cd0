# SPDX-License-Identifier: MIT
#
# What ./check runs, after what, and beside what; it sets WANTED to the stages.

# Two lanes, side by side, in each one stage at a time and in this order: integration
# tests mostly wait, so that a build beside them costs little, and there is memory for
# two.  Both take about as long.
LANES = 1 2
LANE_1 = build-gcc integration integration-tsan soak distcheck bench
LANE_2 = server build-asan build-tsan integration-asan lint man build-clang \
	quickstart valgrind fuzz debian13 arm64 armhf image

integration: server build-gcc
integration-asan: server build-asan
integration-tsan: server build-tsan
valgrind soak bench: build-gcc
debian13 image: server
arm64: debian13
armhf: debian13 arm64

# What runs one: its name, and those that it needs.
RUN = tests/stage

# Behind the one before it, of those that are wanted, whatever became of that: a
# stage that fails is no failure of make, and RUN looks after those that need it.
follow = $(eval $(2): | $(BEFORE_$(1)))$(eval BEFORE_$(1) := $(2))
$(foreach lane,$(LANES),\
	$(foreach stage,$(filter $(WANTED),$(LANE_$(lane))),\
		$(call follow,$(lane),$(stage))))

$(foreach lane,$(LANES),$(LANE_$(lane))):
	@$(RUN) $@ $^

.PHONY: $(foreach lane,$(LANES),$(LANE_$(lane)))
