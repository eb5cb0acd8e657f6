import { fstatSync } from 'node:fs'

/**
 * Whether journald reads what is written to the file descriptor. systemd says so in `JOURNAL_STREAM`,
 * as `device:inode` (systemd.exec(5)): who has sent it elsewhere since then has another file.
 */
export function isJournal(fd: number, journalStream: string | undefined): boolean {
  if (!journalStream) return false
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    return journalStream === `${dev}:${ino}`
  } catch {
    return false
  }
}
