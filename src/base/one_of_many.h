// What a process does otherwise when it is one of several that work on one thing.
#pragma once

namespace latent {

/// hardware_threads() becomes this process's part of what `processes` of this machine share.
void share_machine(int processes);

/// say() prints nothing from now on: another process speaks for all.
void leave_speaking_to_others();

}  // namespace latent
