import { Icon } from './icon.tsx'

export function DownloadButton({ text, name }: { text: string; name: string }) {
  return (
    <button type="button" class="button small" onClick={() => download(text, name)}>
      <Icon name="down" />
      Download
    </button>
  )
}

function download(text: string, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.download = name
  link.click()
  // The browser has taken the file by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
