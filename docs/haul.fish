# SPDX-License-Identifier: MIT
# fish completion for haul

@GENERATED@
