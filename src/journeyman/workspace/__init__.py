"""Git: worktrees, snapshots, checkpoints, refs. The user's checkout is never touched."""
