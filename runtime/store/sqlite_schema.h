// The shape of a store's file and its version.
#pragma once

#include "runtime/store/sqlite_database.h"

namespace capstan {

// Makes the tables in a new file, or checks that an existing one is a store that this version
// reads. Errors: kFailedPrecondition for a newer Capstan's or another program's database.
Result<void> prepare_schema(SqliteDatabase& database);

}  // namespace capstan
