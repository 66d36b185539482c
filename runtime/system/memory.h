// The process's memory as the system sees it.
#pragma once

namespace capstan {

// Gives freed memory back to the system, which the allocator otherwise keeps for later. Takes some
// milliseconds where much was freed. Thread safety: from any thread.
void release_free_memory();

}  // namespace capstan
