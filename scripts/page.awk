# Writes the class page: the template scripts/page.html with what its lines "@name@" stand for, from the demos'
# sources and tables, and from what scripts/page has collected in `tmp`. Run at the top of the repository.
#
#   awk -v tmp=DIRECTORY -f scripts/page.awk

function esc(s) {
    gsub(/&/, "\\&amp;", s)
    gsub(/</, "\\&lt;", s)
    gsub(/>/, "\\&gt;", s)
    gsub(/"/, "\\&quot;", s)
    return s
}
# Of "The notes say (5.2-1, wrong): ...": the verdict and the numbers.
function notes_judged(s,    v) {
    sub(/(: |：).*/, "", s)
    v = s ~ /wrong|有误/ ? "w" : s ~ /in part|有条件/ ? "i" : ""
    gsub(/[^-0-9.Sk ]/, " ", s)
    return " " (v ? badge(v) : "") ids(s)
}
# The notes' words: what stands between backticks there is code.
function quoted(s,    n, part, i, html) {
    gsub(/❌/, "✗", s) # few fonts have it
    n = split(esc(s), part, "`")
    for (i = 1; i <= n; i++) html = html (i > 1 ? (i % 2 ? "</code>" : "<code>") : "") part[i]
    return html (n % 2 ? "" : "</code>")
}
function trim(s) { gsub(/^ +| +$/, "", s); return s }
function both(en, zh) { return "<span lang=en>" en "</span><span lang=zh>" zh "</span>" }
# Our own words: {{English|Chinese}}.
function w(s,    inner, cut) {
    while (match(s, /\{\{[^{}|]*\|[^{}|]*\}\}/)) {
        inner = substr(s, RSTART + 2, RLENGTH - 4)
        cut = index(inner, "|")
        s = substr(s, 1, RSTART - 1) both(substr(inner, 1, cut - 1), substr(inner, cut + 1)) substr(s, RSTART + RLENGTH)
    }
    return s
}
# A demo's words: with the Chinese of demos/zh/, if there is one; what a run in Chinese has said already is as it is.
function t(s) { return lang != "zh" && s in chinese ? both(esc(s), esc(chinese[s])) : esc(s) }
function seen(s,    zh) {
    zh = s
    sub(/^seen: /, "实际：", zh)
    sub(/, expected: /, "，预期：", zh)
    sub(/; /, "；", zh)
    return "<small class=why><code>" both(esc(s), esc(zh)) "</code></small>"
}
function json(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
function p(html) { out = out html "\n" }
function link(to, text) { return "<a href=\"#" to "\">" text "</a>" }
function badge(v) { return "<span class=\"vd " v "\">" w(word[v]) "</span>" }
function ids(list,    id, n, i, s) {
    n = split(list, id, " ")
    for (i = 1; i <= n; i++) s = s " " (id[i] in verdict ? "<a class=id href=\"#" id[i] "\">" id[i] "</a>" : esc(id[i]))
    return n ? " <span class=ids>" substr(s, 2) "</span>" : ""
}

# ---- a source: src[], head[], and for each step its question, sentence, first and last line, functions ----
function read_source(demo,    line, file, key, n, q, own) {
    delete src; delete head; delete from; delete to; delete asks; delete named
    lines = steps = n = 0
    for (file = "demos/" demo ".c"; (getline line < file) > 0;) {
        src[++lines] = line
        if (line ~ /^ \*\/$/) key = "none"
        if (key == "none") continue
        if (index(line, " * " demo " - ") == 1) head["question"] = substr(line, length(demo) + 7)
        if (match(line, /^ \* [A-Z][a-z]+( [a-z]+)?  +/)) key = trim(substr(line, 4, RLENGTH - 3))
        if (key && substr(line, 14, 1) == " ") head[key] = trim(head[key] " " substr(line, 15))
    }
    close(file)
    for (n = 1; n <= lines; n++) {
        if (src[n] ~ /^ *predict\(/) q = n
        if (src[n] !~ /^ *step\(/) continue
        from[++steps] = q ? q : n
        if (q) asks[steps] = literal(q)
        says_step[steps] = literal(n)
        q = 0
    }
    for (q = 1; q <= steps; q++) {
        for (n = from[q]; n < lines && n + 1 != from[q + 1] && src[n + 1] !~ /^}/; n++) { }
        while (src[n] == "") n--
        to[q] = n
    }
    n = 0
    for (file = tmp "/" demo ".pages"; (getline line < file) > 0;) { # of scripts/step.awk
        if (line ~ /^\f/) { n++; own = "^ *" substr(line, 2) " *step\\("; continue }
        if (line ~ own) own = "."
        if (own != ".") named[n] = named[n] esc(line) "\n"
    }
    close(file)
}
# The string that begins in line n, its pieces joined.
function literal(n,    s, all) {
    for (all = src[n]; src[n] !~ /;$/ && n < lines; all = all src[++n]) { }
    for (gsub(/\\"/, "\001", all); match(all, /"[^"]*"/); all = substr(all, RSTART + RLENGTH)) s = s substr(all, RSTART + 1, RLENGTH - 2)
    gsub(/\001/, "\"", s)
    return s
}
function numbered(a, b,    n, s) {
    for (n = a; n <= b; n++) s = s sprintf("%3d %s\n", n, esc(src[n]))
    return s
}
# The line of a check's sentence; of one that is put together, that of its longest piece.
function line_of(text,    n, piece, i, best, found) {
    gsub(/"/, "\\\"", text)
    for (n = 1; n <= lines; n++) if (index(src[n], text)) return n
    for (i = split(text, piece, /: /); i; i--)
        for (n = 1; n <= lines; n++)
            if (length(piece[i]) > length(best) && index(src[n], piece[i])) { best = piece[i]; found = n }
    return length(best) > 11 ? found : 0
}

# ---- what a run has printed, into heading[lang, step] and body[lang, step] ----
function add(html) { body[lang, step] = body[lang, step] html "\n" }
function check_item(line, demo,    ok, n, i, list, why) {
    ok = line ~ /^ok/ ? "ok" : "bad"
    sub(/^(not )?ok /, "", line)
    n = line + 0
    sub(/^[0-9]+ - /, "", line)
    if ((i = index(line, " # SKIP "))) {
        ok = "skip"
        why = "<small class=why>" w("{{skipped|跳过}}: ") esc(substr(line, i + 8)) "</small>"
        line = substr(line, 1, i - 1)
    }
    if (match(line, / \([-0-9Skx. ]*[0-9][-0-9Skx. ]*\)$/)) {
        list = substr(line, RSTART + 2, RLENGTH - 3)
        line = substr(line, 1, RSTART - 1)
    }
    if (lang == "en") {
        count[ok]++
        state[demo, ok]++
        sentence[demo, n] = line
        at[demo, n] = line_of(line)
    }
    return "<li class=\"ck " ok "\" " (lang == "en" ? "id" : "data-id") "=\"" demo ":" n "\"" (at[demo, n] ? " data-l=" at[demo, n] : "") \
        "><span class=vh>" w(result[ok]) ": </span><span class=n>" n "</span> <span class=tx>" t(line) ids(list) why
}
# Writes what is complete: a check, a picture (its views, and what was drawn), a block of evidence, ending with `held`.
function flush(    n, i, part, widest) {
    if (item) add(item "</span></li>")
    if (views) { add("<li class=pc><figure data-views=\"" esc("[" views "]") "\"><pre class=raw>" esc(drawn) "</pre></figure></li>"); drawn = "" }
    if (held != "") drawn = drawn (drawn == "" ? "" : "\n") held
    if (drawn != "") {
        n = split(drawn, part, "\n")
        for (i = 1; i <= n; i++) { gsub(/[\343-\357]/, "  ", part[i]); gsub(/[\200-\277]/, "", part[i]); if (length(part[i]) > widest) widest = length(part[i]) }
        add("<li class=ev><pre" (drawn ~ /[^ ]  +[^ ]/ ? " tabindex=0 style=\"--w:" widest "\"" : " class=wr") ">" esc(drawn) "</pre></li>")
    }
    item = views = drawn = held = ""
}
function view(line,    f, n, i) {
    n = split(line, f, "|")
    for (i = 11; i <= n; i++) f[10] = f[10] "|" f[i]
    if (sub(/^第 /, "page ", f[8])) { sub(/ 页，/, " of ", f[8]); sub(/，设备 /, " on device ", f[8]) }
    return "{\"pid\":" f[2] ",\"at\":" json(f[3]) ",\"perm\":" json(f[4]) ",\"kind\":" json(f[5]) ",\"frame\":" \
        json(f[6] ~ /^80000+.$/ ? "?" : f[6] == "0" ? "" : f[6]) ",\"once\":" f[7] ",\"page\":" json(f[8]) ",\"byte\":" f[9] \
        ",\"who\":" json(f[10]) ",\"zh\":" json(f[10] in chinese ? chinese[f[10]] : f[10]) "}"
}
function read_run(demo, language,    line, file, heads, said, name, h) {
    lang = language
    step = 0
    for (file = tmp "/" demo "." lang; (getline line < file) > 0;) {
        if (line ~ /^(TAP version|1\.\.[0-9]+$)/ || index(line, "# " demo ": ") == 1 && !step) continue
        if (heads) { sub(/^# (Step [0-9]+\. |第 [0-9]+ 步 *)/, "", line); heading[lang, step] = line; heads = 0; continue }
        if (line == "#: step") { flush(); step++; heads = 1; continue }
        if (line ~ /^#: view /) {
            h = held
            held = ""
            if (line ~ /^#: view 0/) { flush(); drawn = h; views = view(line) }
            else { drawn = drawn "\n" h; views = views "," view(line) }
            continue
        }
        if (line ~ /^#   / && !(item && line ~ /^#   (seen|实际)/)) {
            h = held
            held = ""
            if (item || views && h != "") flush()
            if (h != "") drawn = drawn (drawn == "" ? "" : "\n") h
            held = substr(line, 5)
            continue
        }
        if (line ~ /^#   /) { item = item seen(substr(line, 5)); continue }
        flush()
        if (line ~ /^(not )?ok /) item = check_item(line, demo)
        else if (line ~ /^# (The notes say|笔记)/ && match(line, /(: |：)/)) {
            said = substr(line, 3, RSTART - 3)
            name = substr(said, 1, index(said, "（") - 1)
            line = substr(line, RSTART + RLENGTH)
            add("<li class=nt><b>" (name ? name : w("{{The notes say|笔记原文}}")) "</b> <q>" (lang == "zh" ? quoted(line) : t(line)) "</q>" notes_judged(said) "</li>")
        } else if (line ~ /^# / && line !~ /(killed by|left after) /) add("<li class=tl>" t(substr(line, 3)) "</li>")
        else {
            if (lang == "en") state[demo, line ~ /^1/ ? "none" : "stopped"] = 1
            add("<li class=stop>" esc(line) "</li>")
        }
    }
    flush()
    close(file)
    lang = ""
    return step
}

# ---- one demo ----
function log_of(n,    two) {
    two = (n ? heading["zh", n] : body["zh", n]) != ""
    return "<ol class=log" (two ? " lang=en" : "") ">\n" body["en", n] "</ol>" (two ? "<ol class=log lang=zh>\n" body["zh", n] "</ol>" : "")
}
function demo_html(demo,    n, ran, said, q, status) {
    read_source(demo)
    delete heading; delete body
    ran = read_run(demo, "en")
    read_run(demo, "zh")
    getline status < (tmp "/" demo ".status")
    if (status && !((demo, "none") in state) && !((demo, "bad") in state)) state[demo, "stopped"] = 1
    question[demo] = head["question"]
    p("<article class=demo id=\"" demo "\"><header><p class=kick><code>" demo "</code> " (head["Notes"] ~ /^beyond/ ? "" : w("{{notes|笔记}}, ")) t(head["Notes"]) "</p><h2>" \
        t(question[demo]) "</h2>" (body["en", 0] ? log_of(0) : "") w("<p class=ph>{{Answer one question before you read the next.|先回答一题，再看下一题。}}</p>") "</header>")
    p("<details class=pro><summary>" w("{{The source above step 1|第 1 步之前的源代码}}") "</summary><pre class=src data-s=0>" \
        numbered(1, (steps ? from[1] : lines + 1) - 1) "</pre></details><ol class=steps>")
    for (n = 1; n <= steps; n++) {
        q = asks[n]
        said = n > ran ? t(says_step[n]) w(" <em>{{(not reached)|（未执行到）}}</em>") : \
            heading["zh", n] ? both(esc(heading["en", n]), esc(heading["zh", n])) : t(heading["en", n])
        p("<li class=step id=\"" demo "/" n "\"" (q ? " data-q" : "") "><div class=q><h3><span class=sn>" n "</span>" said "</h3>" \
            (q ? "<p class=pre><b>" w("{{Predict|先预测}}") "</b> " t(q) "</p></div><details class=a><summary>" w("{{Reveal|揭晓}}") "</summary>" : "</div><div class=a>") \
            "<div class=ab><div class=ch>" (named[n] ? "<pre class=\"src fn" (split(named[n], part, "\n") > 16 ? " long" : "") "\">" named[n] "</pre>" : "") "<pre class=src data-s=" n ">" numbered(from[n], to[n]) \
            "</pre></div>" log_of(n) "</div>" (q ? "</details>" : "</div>") "</li>")
    }
    p("</ol><p class=watch><b>" w("{{Watch|看点}}") "</b> " t(head["Watch"]) "</p>")
    try_html(demo)
    p("</article>")
}

# ---- Try this: the experiments that were run ----
function try_html(demo,    line, file, n, key, last, changed, row, old, new, opened, tried) {
    for (file = "tests/experiments/" demo ".txt"; (getline line < file) > 0;) {
        key = "aim"
        if (line ~ /^[0-9]+\. /) last = line + 0
        else if (match(line, /^ +[a-z]+ +/)) key = trim(substr(line, 1, RLENGTH))
        else continue
        sub(/^( +[a-z]+|[0-9]+\.) +/, "", line)
        field[last, key] = line
    }
    close(file)
    for (n = 1; n <= last; n++) {
        opened = 0
        for (file = tmp "/" demo "." n ".diff"; (getline line < file) > 0;) {
            if (line ~ /^\+\+\+ /) { changed = line; sub(/^\+\+\+ (\.\/)?/, "", changed); sub(/[ \t].*/, "", changed) }
            else if (line ~ /^@@/) row = substr(line, 5) + 0
            else if (line ~ /^-[^-]/) {
                if (!opened++) p((tried++ ? "" : "<section class=try id=\"" demo "/try\"><h3>" w("{{Try this: change one line. Which checks will fail?|试一试：改一行。哪些检查会不成立？}}") "</h3><ol>") \
                    "<li" (changed == demo ".c" ? " data-l=" row : "") "><p class=aim><span class=tn>" n "</span>" t(field[n, "aim"]) "</p>")
                line = trim(substr(line, 2))
                old = field[n, "old"]
                new = field[n, "new"] == "nothing" ? "" : field[n, "new"]
                key = index(line, old)
                p("<p class=df><code><span class=ln>" (changed == demo ".c" ? "" : changed ":") row++ "</span>" esc(substr(line, 1, key - 1)) \
                    "<del>" esc(old) "</del><ins>" esc(new) "</ins>" esc(substr(line, key + length(old))) "</code></p>")
            }
        }
        close(file)
        if (opened) p("<details><summary>" w("{{What fails?|哪些不成立？}}") "</summary><ol class=log>" try_result(demo, n))
    }
    if (tried) p("</ol><p class=cmd>" w("{{More of these|更多改动}}: ") "<code>scripts/try " demo "</code></p></section>")
    delete field
}
function try_result(demo, n,    line, file, ok) {
    lang = "try"
    step = n
    body[lang, n] = ""
    for (file = tmp "/" demo "." n ".out"; (getline line < file) > 0;) {
        if (line ~ /^#   seen/ && item) { item = item seen(substr(line, 5)); continue }
        flush()
        if (line ~ /^not ok /) item = check_item(line, demo)
        else if (line ~ /^(Bail out!|# .*(killed by|left after))/ && line !~ /^# Step /) add("<li class=stop>" esc(line) "</li>")
        else ok += line ~ /^ok /
    }
    flush()
    close(file)
    gsub(/ data-(id|l)=("[^"]*"|[0-9]+)/, "", body[lang, n])
    return body["try", n] "</ol><p class=sum>" w("{{The other " ok + 0 " hold.|其余 " ok + 0 " 项成立。}} ") t(field[n, "why"]) "</p></details></li>"
}

# ---- how fast: the tables of the measuring demos as bars; a table's title goes on with the verdicts that begin with it ----
function ns(value, unit) { return value * (unit == "ns" ? 1 : unit == "us" ? 1e3 : unit == "ms" ? 1e6 : 1e9) }
function log10(value) { return log(value > .1 ? value : .1) / log(10) }
function after(s, start) { return index(s, start) == 1 ? trim(substr(s, length(start) + (s ~ "，" ? 4 : 2))) : s }
function zh(s) { return s in chinese ? chinese[s] : s }
# What a line "The notes say (5.2-1, wrong): TEXT" says, in either language.
function after_colon(s) { return match(s, /(: |：)/) ? substr(s, RSTART + RLENGTH) : s }
function speed_html(demo,    line, file, rows, n, f, i, k, c, fact, when, times, range, judged, s, title_seen, style) {
    low = 99
    high = -99
    step = 0
    delete row
    for (file = tmp "/" demo ".en"; (getline line < file) > 0;) {
        if (line == "#: step") step++
        if (line ~ /^#   .* median +quartiles/) {
            row[++rows, "title"] = trim(substr(line, 5, 26))
            row[rows, "step"] = step
            row[rows, "count"] = line ~ / as fast +[a-z]+$/ ? line : ""
            sub(/.* /, "", row[rows, "count"])
        }
        else if (rows && line ~ /^#   .*[0-9] [num]?s +[0-9.]+ [num]?s\.\./) {
            row[++rows, "name"] = trim(substr(line, 5, 26))
            line = substr(line, 31)
            sub(/\.\./, " ", line)
            split(line, f, " ")
            row[rows, "median"] = f[1] (f[2] == "us" ? " µs" : " " f[2])
            row[rows, "fast"] = f[7]
            row[rows, "count"] = f[8]
            for (i = 1; i <= 3; i++) {
                k = row[rows, i] = log10(ns(f[2 * i - 1], f[2 * i]))
                if (k < low) low = k
                if (k > high) high = k
            }
        } else if (rows && line ~ /^#       [^ ]/) row[rows, "why"] = substr(line, 9)
        else if (match(line, /: [0-9.\/]+ times as (fast|long) \(/)) { # "#   yes: WHEN: 9.5 times as fast (8.1 to 11)"
            fact[++c] = trim(substr(line, 5, index(line, ":") - 5))
            when[c] = trim(substr(line, index(line, ":") + 1, RSTART - index(line, ":") - 1))
            split(substr(line, RSTART + 2), f, " ")
            range[c] = substr(line, RSTART + RLENGTH)
            times[c] = "{{" f[1] " times as " f[4] (f[4] == "fast" ? "|速度是 " : "|耗时是 ") f[1] " 倍}}"
            if (f[1] ~ "^1/" && f[4] == "fast") { # "1/12 times as fast (1/14 to 1/11)": 12 times slower
                sub("1/", "", f[1])
                times[c] = "{{" f[1] " times slower|慢 " f[1] " 倍}}"
                if (range[c] ~ / to 1\//) gsub("1/", "", range[c])
            }
            s = range[c]
            sub(/ to /, " 至 ", s)
            range[c] = w(" {{(" range[c] "|(" s "}}")
            times[c] = w(times[c])
            judged = step
        } else if (line ~ /^# The notes say/) { fact[++c] = "notes"; when[c] = substr(line, 3) }
        else if (rows && line ~ /^#   .*\?/) { fact[++c] = "asks"; when[c] = substr(line, 5) }
    }
    close(file)
    if (!rows) return
    low = int(low + 10) - 10
    high = int(high + 11) - 10
    p("<section class=sp data-demo=" demo "><p class=kick>" link(demo, "<code>" demo "</code>") "</p><h2>" t(question[demo]) "</h2>")
    for (n = 1; n <= rows; n++) if ((n, "title") in row) {
        s = title_seen = ""
        for (i = 1; i <= c; i++) {
            if (!(fact[i] in answer) || index(title_seen, when[i] "\n")) continue
            title_seen = title_seen when[i] "\n"
            if (when[i] == row[n, "title"]) s = s ": " times[i]
            else if (index(when[i], row[n, "title"] ",") == 1)
                s = s (s ? "; " : ": ") both(esc(after(when[i], row[n, "title"])), esc(after(zh(when[i]), zh(row[n, "title"])))) " " times[i]
        }
        p((n > 1 ? "</ol></div>" : "") "<div class=chart data-n=" row[n, "step"] "><h3>" t(row[n, "title"]) s "</h3><div class=axis aria-hidden=true>")
        for (i = low; i <= high; i++) p("<span style=\"left:" 100 * (i - low) / (high - low) "%\">" 10 ^ ((i + 9) % 3) " " unit[int(i / 3 + 2)] "</span>")
        p("<em>" w("{{median|中位数}}") "</em><em>" w("{{× as fast|速度，倍}}") "</em><em>" t(row[n, "count"]) "</em></div><ol>")
    } else {
        style = ""
        for (i = 1; i <= 3; i++) style = style sprintf("--%s:%.2f%%;", substr("mab", i, 1), 100 * (row[n, i] - low) / (high - low))
        p("<li class=\"bar" (row[n, "name"] ~ /memory|mapping|ring|mmap/ ? " mem" : "") "\"><span class=bl>" t(row[n, "name"]) "</span><span class=bt style=\"" style \
            "\"><i></i><b></b></span><span class=bv>" row[n, "median"] "</span><span class=bf>" row[n, "fast"] "</span><span class=bf>" row[n, "count"] "</span>" \
            ((n, "why") in row ? "<small>" t(row[n, "why"]) "</small>" : "") "</li>")
    }
    p("</ol></div><ul class=facts" (judged ? " data-n=" judged : "") ">")
    for (i = 1; i <= c; i++)
        p(fact[i] in answer ? "<li class=" fact[i] "><b>" w(answer[fact[i]]) "</b> " t(when[i]) ": " times[i] range[i] "</li>" : \
            fact[i] == "asks" ? "<li class=tl>" t(when[i]) "</li>" : \
            "<li class=nt><b>" w("{{The notes say|笔记原文}}") "</b> <q>" both(quoted(after_colon(when[i])), quoted(after_colon(zh(when[i])))) "</q>" notes_judged(when[i]) "</li>")
    p("</ul></section>")
}

# ---- statements, contents, symptoms ----
function section_of(id) { return id ~ /^S/ ? "S" : int(id) "" }
function decided_html(id,    n, list, k, part, demo, s) {
    if (decided[id] !~ /^[0-9][0-9]_[a-z0-9_]*:[0-9]/) {
        k = index(decided[id], ": ")
        return k ? w("{{not checked|不检查}}: ") both(esc(after_colon(decided[id])), esc(after_colon(zh(decided[id])))) " " link(substr(decided[id], 1, k - 1), substr(decided[id], 1, k - 1)) : ""
    }
    n = split(decided[id], list, " ")
    for (k = 1; k <= n; k++) {
        split(list[k], part, ":")
        if (part[1] != demo) s = s (demo ? "</span>" : "") "<span class=by>" link(part[1], part[1])
        demo = part[1]
        s = s " " link(list[k], part[2])
    }
    return s "</span>"
}
function statements_html(    i, id, s) {
    p("<ol class=sts>")
    for (i = 1; i <= claims; i++) {
        id = order[i]
        if (section_of(id) != s) {
            s = section_of(id)
            p("<li class=sec data-s=" s "><h2><span>" (s == "S" ? "" : s) "</span>" w(title[s]) "</h2></li>")
        }
        p("<li class=st id=\"" id "\" data-s=" s " data-v=" verdict[id] "><a class=id href=\"#" id "\">" id "</a>" badge(verdict[id]) "<div class=sy>" \
            (original[id] ? "<q class=or lang=zh-Hans>" quoted(original[id]) "</q><p lang=en>" esc(says[id]) : "<p>" t(says[id])) (source[id] == "implied" ? w(" <small>({{implied|隐含}})</small>") : "") \
            "</p></div><div class=tr>" (truth[id] ? "<p>" t(truth[id]) "</p>" : "") "</div><div class=de>" decided_html(id) "</div></li>")
    }
    p("</ol>")
}
function contents_html(    i, k, s, demo) {
    for (i = 1; i <= 14; i++) {
        s = i == 13 ? "S" : i == 14 ? "13" : i ""
        p("<li><h2><span>" (s == "S" ? "" : s) "</span><a" (i < 14 ? " href=\"#statements?s=" s "\"" : "") ">" w(title[s]) "</a></h2><p class=sqs aria-hidden=true>")
        for (k = 1; k <= claims; k++) if (section_of(order[k]) == s)
            p("<a class=\"sq " verdict[order[k]] "\" href=\"#" order[k] "\" tabindex=-1 title=\"" order[k] ": " esc(says[order[k]]) "\"></a>")
        p("</p><ul>")
        for (k = 1; k <= demo_count; k++) if ((demo = demos[k]) ~ "^0*" s "_")
            p("<li>" link(demo, "<code>" demo "</code> <span>" t(question[demo]) "</span>" \
                ((demo, "stopped") in state ? w(" <b class=alarm>{{stopped|中止}}</b>") : "") ((demo, "none") in state ? w(" <b class=quiet>{{not here|本机无法运行}}</b>") : "") \
                ((demo, "bad") in state ? w(" <b class=alarm>" state[demo, "bad"] " {{failed|项不成立}}</b>") : "") \
                ((demo, "skip") in state ? w(" <b class=quiet>" state[demo, "skip"] " {{skipped|项跳过}}</b>") : "")) "</li>")
        p("</ul></li>")
    }
}
function symptoms_html(    line, f, n, found) {
    while ((getline line < "tests/symptoms.tsv") > 0) {
        split(line, f, "\t")
        found = 0
        for (n = 99; n; n--) if (index(sentence[f[3], n], f[4])) found = n
        p("<li><b>" t(f[1]) "</b><p>" t(f[2]) "</p><p class=de>" (found ? link(f[3] ":" found, f[3] " " found) : f[3]) " " t(found ? sentence[f[3], found] : f[4]) "</p></li>")
    }
}

BEGIN {
    n = split("{{holds|成立}} {{in part|有条件成立}} {{wrong|有误}} {{addition|笔记未提}} {{untested|未检查}}", part, /[}] /)
    for (i = 1; i <= n; i++) word[substr("hiwau", i, 1)] = part[i] (i < n ? "}" : "")
    letter["holds"] = "h"; letter["holds-if"] = "i"; letter["wrong"] = "w"; letter["addition"] = "a"
    result["ok"] = word["h"]; result["bad"] = "{{fails|不成立}}"; result["skip"] = "{{skipped|跳过}}"
    answer["yes"] = "{{yes|是}}"; answer["no"] = "{{no|否}}"; answer["undecided"] = "{{undecided|无法判定}}"
    n = split("The call|mmap 函数概述;What it is good for|mmap 的优势;How it works|共享内存映射的原理;MAP_SHARED and MAP_PRIVATE|MAP_SHARED vs MAP_PRIVATE;" \
        "Copy-on-write|写时复制（COW）机制详解;Is it the same memory?|映射区是否相同？;Parent and child|父子进程通信;Unrelated processes|无血缘关系进程通信;" \
        "/dev/zero and no file at all|/dev/zero 与匿名映射;Pitfalls|使用注意事项;The safe way to call it|保险调用方式;Whole programs|实际应用示例;" \
        "Beyond the notes|笔记之外;Summary of the notes|总结", part, ";")
    for (i = 1; i <= n; i++) title[i == n ? "S" : i ""] = "{{" part[i] "}}"
    split("ps ns µs ms s", unit, " ")
    while (("ls demos/zh/*.txt demos/zh/try/*.txt 2>/dev/null" | getline file) > 0)
        while ((getline line < file) > 0) if (line != "" && line !~ /^#/ && (getline text < file) > 0) chinese[line] = text
    while ((getline line < "tests/claims.tsv") > 0) {
        if (line ~ /^claim\t/) continue
        split(line, f, "\t")
        order[++claims] = f[1]
        tally[verdict[f[1]] = f[2] in letter ? letter[f[2]] : "u"]++
        source[f[1]] = f[3]; original[f[1]] = f[4]; says[f[1]] = f[5]; truth[f[1]] = f[6]
    }
    while ((getline line < (tmp "/decided")) > 0) { split(line, f, "\t"); decided[f[1]] = f[2] }
    while ((getline line < (tmp "/here")) > 0) if (line ~ /^[0-9][0-9]_/) demos[++demo_count] = line; else here = here " · " line
    for (k = 1; k <= demo_count; k++) { # first: the contents tell what has failed
        out = ""
        demo_html(demos[k])
        docs[k] = out
    }
    while ((getline line < "scripts/page.html") > 0) {
        out = ""
        if (line == "@docs@") for (k = 1; k <= demo_count; k++) printf "%s", docs[k]
        else if (line == "@contents@") contents_html()
        else if (line == "@statements@") statements_html()
        else if (line == "@symptoms@") symptoms_html()
        else if (line == "@speed@") for (k = 1; k <= demo_count; k++) speed_html(demos[k])
        else if (line == "@tally@") for (v = 1; v <= 5; v++) {
            k = substr("hiwau", v, 1)
            if (k in tally) p("<a href=\"#statements?v=" k "\"><b>" tally[k] "</b> <span class=\"sq " k "\"></span>" w(word[k]) "</a>")
        } else if (line == "@sections@") for (k = 1; k <= 12; k++) { split(substr(title[k ""], 3), f, /[|}]/); p("<option value=" k " data-zh=\"" k " " f[2] "\">" k " " f[1] "</option>") }
        else if (line == "@about@") p(w("{{Run on this machine|本机运行}}: ") demo_count w(" {{demos|个演示程序}}, ") count["ok"] + 0 w(" {{checks hold|项检查成立}}, ") \
            count["skip"] + 0 w(" {{skipped|项跳过}}, ") count["bad"] + 0 w(" {{failed|项不成立}}") esc(here))
        else out = w(line) "\n"
        printf "%s", out
    }
}
