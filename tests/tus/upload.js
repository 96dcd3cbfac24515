// upload.js - tus-js-client against a server: upload, abort, resume, again, wrong, terminate.
// usage: node upload.js URL NAME:PASSWORD FILE OTHER; records e1 (FILE), e2 (other bytes of the same length), e3 (OTHER)
'use strict';
const fs = require('fs');
const tus = require('tus-js-client');

const [url, who, path, otherPath] = process.argv.slice(2);
const data = fs.readFileSync(path), other = fs.readFileSync(otherPath);
const headers = {Authorization: 'Basic ' + Buffer.from(who).toString('base64')};
let failed = 0;

function is(what, wanted, found) {
	const ok = JSON.stringify(wanted) === JSON.stringify(found);
	if (!ok) failed++;
	console.log(`${ok ? 'ok' : 'NOT OK'} ${what}: ${JSON.stringify(found)}${ok ? '' : `, not ${JSON.stringify(wanted)}`}`);
}

// Start an upload; `until` bytes, then abort. Answers {upload, end, first, requests}.
function run(id, options, until) {
	return new Promise((resolve) => {
		const seen = {requests: [], first: null};
		const upload = new tus.Upload(id === 'e3' ? other : data, {
			endpoint: `${url}/v1/evidence/${id}/upload`,
			headers,
			retryDelays: [0, 0, 0],
			uploadSize: data.length,
			metadata: {filename: 'photo.jpg'},
			onAfterResponse: (req, res) => { seen.requests.push(`${req.getMethod()} ${res.getStatus()}`); },
			onProgress: (sent) => { if (seen.first === null) seen.first = sent; },
			onChunkComplete: (size, accepted) => {
				if (until && accepted >= until) upload.abort().then(() => resolve({upload, end: accepted, ...seen}));
			},
			onError: (e) => resolve({upload, end: e.originalResponse ? e.originalResponse.getStatus() : String(e), ...seen}),
			onSuccess: () => resolve({upload, end: 'whole', ...seen}),
			...options,
		});
		seen.upload = upload;
		upload.start();
	});
}

async function main() {
	const cut = await run('e1', {chunkSize: 100000}, 300000);
	is('aborted', 300000, cut.end);
	is('at its place', '/v1/evidence/e1/upload', new URL(cut.upload.url).pathname);

	const rest = await run('e1', {uploadUrl: cut.upload.url, endpoint: null, chunkSize: 100000});
	is('resumed where it stood, to the end', ['whole', 'HEAD 200', 300000], [rest.end, rest.requests[0], rest.first]);
	is('with the rest alone', Math.ceil((data.length - 300000) / 100000), rest.requests.filter((r) => r === 'PATCH 204').length);

	const again = await run('e1', {});
	is('the same file again is whole at once', ['whole', 'POST 201'], [again.end, again.requests[0]]);
	is('and no byte of it is taken', 0, again.requests.filter((r) => r === 'PATCH 204').length);

	const wrong = await run('e2', {});
	is('other bytes than the record says are refused', 422, wrong.end);

	const some = await run('e3', {chunkSize: 100000}, 100000);
	await some.upload.abort(true);
	const gone = await run('e3', {uploadUrl: some.upload.url, endpoint: null});
	is('terminated, it is gone', ['HEAD 404'], gone.requests.slice(0, 1));

	const single = await run('e3', {});
	is('and goes in one piece', ['whole', ['POST 201', 'PATCH 204']], [single.end, single.requests]);
	process.exit(failed ? 1 : 0);
}
main().catch((e) => { console.error(e); process.exit(1); });
