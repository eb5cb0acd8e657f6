import { expect, test } from 'bun:test'
import { visible } from '../../src/web/app/ui/visible.ts'

test('what hides something of a text is seen; the text itself stays', () => {
  expect(visible('a\u202eb\u200bc\u00add\ufeff')).toBe('a\\u202eb\\u200bc\\u00add\\ufeff')
  expect(visible('\0\u001b[31m\u3164')).toBe('\\u0000\\u001b[31m\\u3164')
  // Letters that nobody sees, beyond 16 bits.
  expect(visible('\u{e0041}')).toBe('\\u{e0041}')
  expect(visible('größer\tals\n東京 مرحبا 🦊')).toBe('größer\tals\n東京 مرحبا 🦊')
})
