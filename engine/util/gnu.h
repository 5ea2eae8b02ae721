/* SPDX-License-Identifier: MIT */
/* Where releases of GNU coreutils differ, cp, mv and rm do as the one does that is installed where
 * haul was built, so that scripts of that system go on as they were; `make GNU=9.7` for another. */
#ifndef ENGINE_UTIL_GNU_H
#define ENGINE_UTIL_GNU_H

#ifndef GNU_MAJOR
#define GNU_MAJOR 9
#define GNU_MINOR 7
#endif

/* Does it do as this release and later ones do? */
#define GNU_SINCE(major, minor) (GNU_MAJOR * 1000 + GNU_MINOR >= (major)*1000 + (minor))

#endif
