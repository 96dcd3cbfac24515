/* store/store_impl.h - what the files of this room share. */
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include "store/store.h"

#endif
