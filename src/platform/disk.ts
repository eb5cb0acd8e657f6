/** What the file system says of a file. */
import { statfsSync, statSync } from 'node:fs'

/** In bytes; 0 when there is no such file. */
export function fileSize(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0
  } catch {
    return 0
  }
}

/** What is free on the folder's disk for those who are not root, bytes; Infinity: not known. */
export function freeBytes(folder: string): number {
  return diskRoom(folder)?.bytes ?? Infinity
}

/** What a disk has left for those who are not root. */
export interface DiskRoom {
  readonly bytes: number
  /** Files that can still be made; null: the file system has no limit of its own. */
  readonly files: number | null
}

/** Of the folder's disk; null: not known. */
export function diskRoom(folder: string): DiskRoom | null {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder)
    return { bytes: bavail * bsize, files: files === 0 ? null : ffree }
  } catch {
    return null
  }
}

/** Which file the path leads to: the same text only for the same file. null: to none. */
export function fileIdentity(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return null
  }
}

/** Whether its mode lets everybody read it; false when there is no such file. */
export function mayBeReadByAll(path: string): boolean {
  try {
    return (statSync(path).mode & 0o004) !== 0
  } catch {
    return false
  }
}
