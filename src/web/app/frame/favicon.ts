/** The sign of the tab, in colour and in form. Of a tab that nobody sees it says nothing: grey. */

const SIGNS = {
  well: '<circle cx="8" cy="8" r="5" fill="#2f8f5b"/>',
  wrong: '<path d="M8 1.5l7 13H1z" fill="#d43d34"/>',
  paused: '<circle cx="8" cy="8" r="4" fill="none" stroke="#8b94a1" stroke-width="2"/>',
  lost: '<path d="M3 3l10 10M13 3L3 13" stroke="#8b94a1" stroke-width="3" stroke-linecap="round"/>',
} as const

export type Sign = keyof typeof SIGNS

export function showFavicon(sign: Sign): void {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${SIGNS[sign]}</svg>`
  const link = document.getElementById('icon') as HTMLLinkElement
  link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`
}
