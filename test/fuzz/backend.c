/*
 * backend.c
 *		As much of a PostgreSQL backend as the sources of the extension need to
 *		run inside a fuzzer, without a server: memory, errors, messages.
 *
 * The sources themselves are compiled as they are, against PostgreSQL's own
 * headers; what they call is found here, or in PostgreSQL's libpgcommon and
 * libpgport. Each allocation is one of malloc, so that the address sanitizer
 * sees what reaches past it. What is in neither place stays unresolved: a
 * target that gets there crashes, so it cannot go unnoticed.
 */
#include "base/compat.h"

#include <setjmp.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "backend.h"

/* ---------------------------------------------------------------- memory */

MemoryContext CurrentMemoryContext = NULL;

static void **chunks;
static size_t nchunks;
static size_t chunks_capacity;
static size_t total;

/* A few megabytes of input cannot honestly need more; what asks for it believed a length field. */
#define MOST_MEMORY ((size_t) 64 << 20)

static void *
allocate(size_t size, bool zero)
{
	void	   *chunk;

	total += size;
	if (total > MOST_MEMORY)
		finding("more memory asked for than the input can need");
	if (nchunks == chunks_capacity)
	{
		chunks_capacity = chunks_capacity * 2 + 64;
		chunks = realloc(chunks, sizeof(void *) * chunks_capacity);
	}
	chunk = zero ? calloc(1, size + (size == 0)) : malloc(size + (size == 0));
	/* what palloc leaves is not zero */
	if (!zero)
		memset(chunk, 0x7F, size);
	chunks[nchunks++] = chunk;
	return chunk;
}

void
backend_reset(void)
{
	while (nchunks > 0)
		free(chunks[--nchunks]);
	total = 0;
}

void	   *palloc(Size size) { return allocate(size, false); }
void	   *palloc0(Size size) { return allocate(size, true); }
void	   *palloc_extended(Size size, int flags) { return allocate(size, flags & MCXT_ALLOC_ZERO); }
void	   *MemoryContextAlloc(MemoryContext context, Size size) { return allocate(size, false); }
void	   *MemoryContextAllocZero(MemoryContext context, Size size) { return allocate(size, true); }
void	   *MemoryContextAllocExtended(MemoryContext context, Size size, int flags) { return allocate(size, flags & MCXT_ALLOC_ZERO); }
void	   *MemoryContextAllocHuge(MemoryContext context, Size size) { return allocate(size, false); }

/* Freed chunks are kept unreadable until the reset, which frees them once. */
void
pfree(void *pointer)
{
	for (size_t i = nchunks; i-- > 0;)
		if (chunks[i] == pointer)
		{
			free(pointer);
			chunks[i] = NULL;
			return;
		}
	finding("pfree of what was not allocated");
}

void *
repalloc(void *pointer, Size size)
{
	for (size_t i = nchunks; i-- > 0;)
		if (chunks[i] == pointer)
		{
			total += size;
			if (total > MOST_MEMORY)
				finding("more memory asked for than the input can need");
			return chunks[i] = realloc(pointer, size);
		}
	finding("repalloc of what was not allocated");
	return NULL;
}

void	   *repalloc_huge(void *pointer, Size size) { return repalloc(pointer, size); }

Size		add_size(Size a, Size b) { return a + b; }
Size		mul_size(Size a, Size b) { return a * b; }

char *
pnstrdup(const char *in, Size length)
{
	char	   *out = palloc0(length + 1);

	return memcpy(out, in, strnlen(in, length));
}

char *
pstrdup(const char *in)
{
	return pnstrdup(in, strlen(in));
}

/* ---------------------------------------------------------------- errors */

volatile sig_atomic_t InterruptPending = 0;

void
ProcessInterrupts(void)
{
}

void
finding(const char *what)
{
	fprintf(stderr, "FINDING: %s\n", what);
	abort();
}

void
ExceptionalCondition(const char *condition
#if PG_VERSION_NUM < 160000
					 ,const char *type
#endif
					 ,const char *file, int line)
{
	fprintf(stderr, "%s:%d: ", file, line);
	finding(condition);
}

static sigjmp_buf *handler;
static int	raised;

/* Runs a step; the SQLSTATE of its error, 0 for none. */
int
backend_try(void (*step) (void *), void *argument)
{
	sigjmp_buf	here;
	sigjmp_buf *outer = handler;

	raised = 0;
	if (sigsetjmp(here, 0) == 0)
	{
		handler = &here;
		step(argument);
	}
	handler = outer;
	return raised;
}

bool		errstart(int level, const char *domain) { return level >= ERROR; }
bool		errstart_cold(int level, const char *domain) { return level >= ERROR; }

int
errcode(int sqlstate)
{
	raised = sqlstate;
	return 0;
}

/* Messages are formatted, as what they print may lie outside. */
#define FORMATS(name) \
int name(const char *format,...) \
{ \
	char		out[2048]; \
	va_list		arguments; \
\
	va_start(arguments, format); \
	vsnprintf(out, sizeof(out), format, arguments); \
	va_end(arguments); \
	return 0; \
}
FORMATS(errmsg)
FORMATS(errmsg_internal)
FORMATS(errdetail)
FORMATS(errdetail_internal)
FORMATS(errhint)

void
errfinish(const char *file, int line, const char *function)
{
	if (raised == 0)			/* elog: "cannot happen" */
	{
		fprintf(stderr, "%s:%d: ", file, line);
		finding("an error without a SQLSTATE");
	}
	siglongjmp(*handler, 1);
}

#if PG_VERSION_NUM >= 160000
/* Nobody here asks for soft errors. */
bool
errsave_start(struct Node *context, const char *domain)
{
	return true;
}

void
errsave_finish(struct Node *context, const char *file, int line, const char *function)
{
	errfinish(file, line, function);
}
#endif

/* ---------------------------------------------------------------- varlena */

/* Nothing here is compressed or out of line: a short header is all there is to undo. */
struct varlena *
pg_detoast_datum_packed(struct varlena *value)
{
	return value;
}

struct varlena *
pg_detoast_datum(struct varlena *value)
{
	struct varlena *copy;
	Size		size;

	if (!VARATT_IS_SHORT(value))
		return value;
	size = VARSIZE_SHORT(value) - VARHDRSZ_SHORT;
	copy = palloc(size + VARHDRSZ);
	SET_VARSIZE(copy, size + VARHDRSZ);
	memcpy(VARDATA(copy), VARDATA_SHORT(value), size);
	return copy;
}

text *
cstring_to_text_with_len(const char *in, int length)
{
	text	   *out = palloc(length + VARHDRSZ);

	SET_VARSIZE(out, length + VARHDRSZ);
	memcpy(VARDATA(out), in, length);
	return out;
}

text *
cstring_to_text(const char *in)
{
	return cstring_to_text_with_len(in, strlen(in));
}

char *
text_to_cstring(const text *in)
{
	return pnstrdup(VARDATA_ANY(in), VARSIZE_ANY_EXHDR(in));
}

/* ---------------------------------------------------------------- messages */

/* What the protocol says of a message that ends too early (08P01), and of its text. */
static void
protocol_violation(void)
{
	ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("insufficient data left in message")));
}

const char *
pq_getmsgbytes(StringInfo in, int length)
{
	if (length < 0 || length > in->len - in->cursor)
		protocol_violation();
	in->cursor += length;
	return in->data + in->cursor - length;
}

int
pq_getmsgbyte(StringInfo in)
{
	return *(const uint8 *) pq_getmsgbytes(in, 1);
}

unsigned int
pq_getmsgint(StringInfo in, int size)
{
	uint32		value;

	if (size != 4)
		finding("pq_getmsgint of another size");
	memcpy(&value, pq_getmsgbytes(in, 4), 4);
	return pg_ntoh32(value);
}

int64
pq_getmsgint64(StringInfo in)
{
	uint64		value;

	memcpy(&value, pq_getmsgbytes(in, 8), 8);
	return pg_ntoh64(value);
}

float8
pq_getmsgfloat8(StringInfo in)
{
	int64		bits = pq_getmsgint64(in);
	float8		value;

	memcpy(&value, &bits, 8);
	return value;
}

void
pq_sendfloat8(StringInfo out, float8 value)
{
	int64		bits;

	memcpy(&bits, &value, 8);
	pq_sendint64(out, bits);
}

/* The server's encoding is UTF-8, and so is the client's. */
bool
pg_verifymbstr(const char *bytes, int length, bool no_error)
{
	if (pg_encoding_verifymbstr(PG_UTF8, bytes, length) == length)
		return true;
	if (!no_error)
		ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE), errmsg("invalid byte sequence")));
	return false;
}

char *
pq_getmsgtext(StringInfo in, int length, int *bytes)
{
	const char *text = pq_getmsgbytes(in, length);
	char	   *copy = palloc0(length + 1);

	(void) pg_verifymbstr(text, length, false);
	*bytes = length;
	return memcpy(copy, text, length);
}

void
pq_begintypsend(StringInfo out)
{
	initStringInfo(out);
	appendStringInfoSpaces(out, VARHDRSZ);
}

bytea *
pq_endtypsend(StringInfo out)
{
	SET_VARSIZE(out->data, out->len);
	return (bytea *) out->data;
}

void
pq_sendbytes(StringInfo out,
#if PG_VERSION_NUM >= 160000
			 const void *data,
#else
			 const char *data,
#endif
			 int length)
{
	appendBinaryStringInfo(out, data, length);
}

#undef pq_sendcountedtext
void
pq_sendcountedtext(StringInfo out, const char *text, int length
#if PG_VERSION_NUM < 160000
				   ,bool counts_itself
#endif
)
{
	pq_sendint32(out, length);
	appendBinaryStringInfo(out, text, length);
}

/* ---------------------------------------------------------------- text */

/* The text of an instant is wanted for messages alone: there is none here, which is an error of its own. */
int
timestamp2tm(Timestamp at, int *zone, struct pg_tm *tm, fsec_t *fraction, const char **zone_name, pg_tz *in_zone)
{
	return -1;
}

/* Every date prints alike: what prints them is not read again here. */
void
j2date(int day, int *year, int *month, int *of_month)
{
	*year = 2000;
	*month = *of_month = 1;
}

/* Valid UTF-8 has been made sure of: charts count and cut its characters. */
/* Client and server speak UTF-8, which is asked of what comes in. */
int			pg_get_client_encoding(void) { return PG_UTF8; }
int			GetDatabaseEncoding(void) { return PG_UTF8; }
char	   *pg_server_to_client(const char *bytes, int length) { return unconstify(char *, bytes); }

char *
pg_client_to_server(const char *bytes, int length)
{
	(void) pg_verifymbstr(bytes, length, false);
	return unconstify(char *, bytes);
}

int			pg_mblen(const char *text) { return pg_encoding_mblen(PG_UTF8, text); }
int			pg_dsplen(const char *text) { return pg_encoding_dsplen(PG_UTF8, text); }

int
pg_mbstrlen_with_len(const char *text, int length)
{
	int			count = 0;

	for (int i = 0; i < length; i++)
		count += (text[i] & 0xC0) != 0x80;
	return count;
}

int
pg_mbcharcliplen(const char *text, int length, int limit)
{
	int			i = 0;

	for (int count = 0; i < length; i++)
		if ((text[i] & 0xC0) != 0x80 && count++ == limit)
			break;
	return i;
}

int
pg_mbcliplen(const char *text, int length, int limit)
{
	int			i = Min(length, limit);

	while (i < length && i > 0 && (text[i] & 0xC0) == 0x80)
		i--;
	return i;
}

/* Quoting alone: what is escaped, and how, is PostgreSQL's affair. */
void
escape_json(StringInfo out, const char *text)
{
	appendStringInfoChar(out, '"');
	appendStringInfoString(out, text);
	appendStringInfoChar(out, '"');
}

/* ---------------------------------------------------------------- calls */

bool		in_aggregate = false;

int
AggCheckCallContext(FunctionCallInfo fcinfo, MemoryContext *context)
{
	if (context != NULL)
		*context = NULL;
	return in_aggregate ? AGG_CONTEXT_AGGREGATE : 0;
}

Datum
DirectFunctionCall1Coll(PGFunction function, Oid collation, Datum a)
{
	LOCAL_FCINFO(fcinfo, 1);

	InitFunctionCallInfoData(*fcinfo, NULL, 1, collation, NULL, NULL);
	fcinfo->args[0].value = a;
	fcinfo->args[0].isnull = false;
	return function(fcinfo);
}

Datum
DirectFunctionCall2Coll(PGFunction function, Oid collation, Datum a, Datum b)
{
	LOCAL_FCINFO(fcinfo, 2);

	InitFunctionCallInfoData(*fcinfo, NULL, 2, collation, NULL, NULL);
	fcinfo->args[0] = (NullableDatum) {.value = a,.isnull = false};
	fcinfo->args[1] = (NullableDatum) {.value = b,.isnull = false};
	return function(fcinfo);
}
