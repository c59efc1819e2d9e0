import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RouteTable } from '../http/route-table.ts';

function tableOf(...templates: string[]): RouteTable<string> {
  const table = new RouteTable<string>();
  for (const template of templates) table.add(template, [], template);
  return table;
}

it('more specific segments match first, whatever the order in which routes are added', () => {
  const templates = ['a/{*rest}', 'a/{x}', 'a/{x:int}', 'a/b.{x}', 'a/b.c'];
  for (const table of [tableOf(...templates), tableOf(...templates.toReversed())]) {
    const found = ['/a/b.c', '/a/b.d', '/a/7', '/a/x', '/a/x/y', '/a'].map((path) => table.match('GET', path)?.target);
    assert.deepEqual(found, ['a/b.c', 'a/b.{x}', 'a/{x:int}', 'a/{x}', 'a/{*rest}', 'a/{*rest}']);
  }
});

it('a mixed segment splits at the last possible place', () => {
  assert.deepEqual(tableOf('{name}.{ext}').match('GET', '/a.tar.gz')?.params, { name: 'a.tar', ext: 'gz' });
  assert.equal(tableOf('report.{format}').match('GET', '/report.'), undefined);
  assert.equal(tableOf('report.{format}').match('GET', '/reportXhtml'), undefined);
});

it('a route with other methods leaves the request to the next route', () => {
  const table = new RouteTable<string>();
  table.add('a/b', ['GET'], 'text');
  table.add('a/{x}', ['POST'], 'parameter');
  assert.equal(table.match('POST', '/a/b')?.target, 'parameter');
  assert.equal(table.match('PUT', '/a/b'), undefined);
});

it('a broken escape is left unchanged, and an unsupported template is refused', () => {
  assert.deepEqual(tableOf('{x}').match('GET', '/%zz')?.params, { x: '%zz' });
  assert.throws(() => tableOf('{x:regex(^a$)}'), /Route "\{x:regex\(\^a\$\)\}"/);
  assert.throws(() => tableOf('{x:date}'), /a constraint that the local host does not support/);
  assert.throws(() => tableOf('a{x?}'), /cannot share its segment/);
});
