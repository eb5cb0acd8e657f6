/** What a browser keeps for the page. One that keeps nothing for anybody throws; so be it. */

export interface Kept {
  read(): string | null
  /** null: it is forgotten. */
  write(text: string | null): void
}

/** `where`: `sessionStorage`, until the tab is closed, or `localStorage`. */
export function kept(where: 'sessionStorage' | 'localStorage', key: string): Kept {
  return {
    read: () => attempt(() => window[where].getItem(key)),
    write: (text) =>
      attempt(() => {
        if (text === null) window[where].removeItem(key)
        else window[where].setItem(key, text)
        return null
      }),
  }
}

function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}
