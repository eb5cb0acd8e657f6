import { expect, test } from 'bun:test'
import { Bag } from '../src/bag.ts'

const item = (name: string) => ({ name })

test('holds what is added until it is removed', () => {
  const bag = new Bag<{ name: string }>()
  const [a, b] = [item('a'), item('b')]
  const at = bag.add(a)
  bag.add(b)
  expect([bag.size, bag.get(at)]).toEqual([2, a])
  bag.remove(a, at)
  expect([bag.size, bag.get(at), [...bag.values()]]).toEqual([1, null, [b]])
  bag.remove(b)
  expect([bag.size, [...bag.values()]]).toEqual([0, []])
})

test('to remove what is gone removes nothing else', () => {
  const bag = new Bag<{ name: string }>()
  const [a, b] = [item('a'), item('b')]
  const at = bag.add(a)
  bag.remove(a, at)
  expect(bag.add(b)).toBe(at)
  bag.remove(a, at)
  bag.remove(a)
  bag.remove(a, 7)
  expect([bag.size, bag.get(at)]).toEqual([1, b])
})

test('takes no more room than for the most that it held at once', () => {
  const bag = new Bag<{ name: string }>()
  const places = new Set<number>()
  for (let round = 0; round < 1000; round++) {
    const held = [item('a'), item('b'), item('c')].map((each) => ({ each, at: bag.add(each) }))
    for (const { each, at } of held) {
      places.add(at)
      bag.remove(each, at)
    }
  }
  expect(places).toEqual(new Set([0, 1, 2]))
})

test('may change while it is gone through', () => {
  const bag = new Bag<{ name: string }>()
  const all = ['a', 'b', 'c'].map(item)
  for (const each of all) bag.add(each)
  const seen: string[] = []
  for (const each of bag.values()) {
    seen.push(each.name)
    for (const other of all) bag.remove(other)
    if (seen.length === 1) bag.add(item('new'))
  }
  expect(seen).toEqual(['a', 'new'])
})
