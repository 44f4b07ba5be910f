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
# A demo's own words, and in Chinese what demos/zh/ has for them.
function t(s) { return s in chinese ? both(esc(s), esc(chinese[s])) : esc(s) }
function json(s) {
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    return "\"" s "\""
}
function ids(list,    id, n, i, s) {
    n = split(list, id, " ")
    for (i = 1; i <= n; i++) s = s " " (id[i] in verdict ? "<a class=id href=\"#" id[i] "\">" id[i] "</a>" : esc(id[i]))
    return n ? " <span class=ids>" substr(s, 2) "</span>" : ""
}
function badge(v) { return "<span class=\"vd " v "\">" w(word[v]) "</span>" }

# ---- a source ----
function read_source(demo,    line, file, key, n, q, last) {
    lines = steps_here = 0
    split("", src)
    split("", head)
    split("", from)
    split("", to)
    split("", asks)
    file = "demos/" demo ".c"
    while ((getline line < file) > 0) {
        src[++lines] = line
        if (line ~ /^ \*\/$/) key = "none"
        if (key == "none") continue
        if (line ~ "^ \\* " demo " - ") head["question"] = substr(line, length(demo) + 7)
        if (match(line, /^ \* (Notes|Watch|Corrects|Try this|See also)  +/)) key = substr(line, 4, 8)
        else if (!key || line !~ /^ \*    /) { key = ""; continue }
        sub(/ +$/, "", key)
        head[key] = (head[key] ? head[key] " " : "") substr(line, 15)
    }
    close(file)
    for (n = 1; n <= lines; n++) {
        if (src[n] ~ /^ *predict\(/) q = n
        if (src[n] ~ /^ *step\(/) {
            from[++steps_here] = q ? q : n
            if (q) asks[steps_here] = literal(q)
            steps_text[steps_here] = literal(n)
            q = 0
        }
    }
    for (n = 1; n <= steps_here; n++) {
        last = from[n]
        while (last < lines && (last + 1 != from[n + 1]) && src[last + 1] !~ /^}/) last++
        while (src[last] == "") last--
        to[n] = last
    }
}
# The string that begins in line n, pieces joined.
function literal(n,    s, all) {
    for (all = src[n]; src[n] !~ /;$/ && n < lines; all = all src[++n]) { }
    gsub(/\\"/, "\001", all)
    while (match(all, /"[^"]*"/)) {
        s = s substr(all, RSTART + 1, RLENGTH - 2)
        all = substr(all, RSTART + RLENGTH)
    }
    gsub(/\001/, "\"", s)
    return s
}
function numbered(a, b,    n, s) {
    for (n = a; n <= b; n++) s = s sprintf("%3d %s\n", n, esc(src[n]))
    return s
}
# The functions that a step names, as scripts/step.awk shows them.
function read_functions(demo,    line, file, step, own) {
    split("", functions)
    file = tmp "/" demo ".pages"
    while ((getline line < file) > 0) {
        if (line ~ /^\f/) { step++; own = "^ *" substr(line, 2) " *step\\("; continue }
        if (line ~ own) own = "."
        if (own != ".") functions[step] = functions[step] esc(line) "\n"
    }
    close(file)
}
# The line of a check's sentence; of one that is put together, that of its longest piece.
function line_of(text,    n, piece, i, best, found) {
    gsub(/"/, "\\\"", text)
    for (n = 1; n <= lines; n++) if (index(src[n], text)) return n
    for (i = split(text, piece, /: /); i; i--)
        for (n = 1; n <= lines; n++)
            if (length(piece[i]) > length(best) && index(src[n], piece[i])) { best = piece[i]; found = n }
    return length(best) > 11 ? found : ""
}

# ---- what a demo printed: heading[lang, step], body[lang, step] ----
function add(html) { body[lang, step] = body[lang, step] html "\n" }
function check_item(line, demo,    ok, n, text, list, why, i) {
    ok = line ~ /^ok/ ? "ok" : "bad"
    sub(/^(not )?ok /, "", line)
    n = line + 0
    sub(/^[0-9]+ - /, "", line)
    if (match(line, / # SKIP /)) {
        ok = "skip"
        why = "<small class=why>" w("{{skipped|跳过}}") ": " esc(substr(line, RSTART + 8)) "</small>"
        line = substr(line, 1, RSTART - 1)
    }
    text = line
    if (match(line, / \([-0-9A-Zkx. ]+\)$/)) {
        list = substr(line, RSTART + 2, RLENGTH - 3)
        text = substr(line, 1, RSTART - 1)
        if (list !~ /[0-9]/) { list = ""; text = line }
    }
    if (lang == "en") {
        count[ok]++
        state[demo, ok]++
        sentence[demo, n] = text
        at[demo, n] = line_of(text)
    }
    return "<li class=\"ck " ok "\"" (lang == "en" && demo ? " id=\"" demo ":" n "\"" : " data-id=\"" demo ":" n "\"") \
        (at[demo, n] ? " data-l=" at[demo, n] : "") "><span class=vh>" w(result[ok]) ": </span><span class=n>" n \
        "</span> <span class=tx>" (lang == "zh" ? esc(text) : t(text)) ids(list) why
}
# What is complete: a check, a picture (its views, as drawn in `raw`), a block of evidence; `held` is its last line.
function flush() {
    if (item) add(item "</span></li>")
    if (views) { add("<li class=pc><figure data-views=\"" esc("[" views "]") "\"><pre class=raw>" esc(raw) "</pre></figure></li>"); raw = "" }
    if (held != "") raw = raw (raw == "" ? "" : "\n") held
    if (raw != "") add("<li class=ev><pre tabindex=0 style=\"--w:" widest(raw) "\">" esc(raw) "</pre></li>")
    item = views = raw = held = ""
}
function widest(text,    n, line, i, most) {
    n = split(text, line, "\n")
    for (i = 1; i <= n; i++) {
        gsub(/[\200-\277]/, "", line[i])
        if (length(line[i]) > most) most = length(line[i])
    }
    return most
}
function view_json(line,    f, n, who, page) {
    n = split(line, f, "|")
    who = f[10]
    for (page = 11; page <= n; page++) who = who "|" f[page]
    return "{\"pid\":" f[2] ",\"at\":" json(f[3]) ",\"perm\":" json(f[4]) ",\"kind\":" json(f[5]) ",\"frame\":" \
        json(f[6] ~ /^80000+.$/ ? "?" : f[6] == "0" ? "" : f[6]) ",\"once\":" f[7] ",\"page\":" json(f[8]) ",\"byte\":" f[9] \
        ",\"who\":" json(who) ",\"zh\":" json(who in chinese ? chinese[who] : who) "}"
}
function read_run(demo, language,    line, file, heads, said, h) {
    lang = language
    step = 0
    file = tmp "/" demo "." lang
    while ((getline line < file) > 0) {
        if (index(line, "# " demo ": ") == 1 && !step) { h = substr(line, length(demo) + 5); if (h != head["question"]) chinese[head["question"]] = h; continue }
        if (line ~ /^(TAP version|1\.\.[0-9]+$)/) continue
        if (line == "#: step") { flush(); step++; heads = 1; continue }
        if (heads) { sub(/^# (Step [0-9]+( of [0-9]+)?\. |第[ 0-9/]*步[^ ]* *)/, "", line); heading[lang, step] = line; heads = 0; continue }
        if (line ~ /^#: view /) {
            if (line ~ /^#: view 0/) { h = held; held = ""; flush(); raw = h; views = view_json(line) }
            else { raw = raw "\n" held; views = views "," view_json(line) }
            held = ""
            continue
        }
        if (line ~ /^#   /) {
            line = substr(line, 5)
            if (item && line ~ /^(seen|实际)/) { item = item "<small class=why><code>" esc(line) "</code></small>"; continue }
            if (item) flush()
            h = held
            held = ""
            if (views && h != "") { flush(); raw = h }
            else if (h != "") raw = raw (raw == "" ? "" : "\n") h
            held = line
            continue
        }
        flush()
        if (line ~ /^(not )?ok /) item = check_item(line, demo)
        else if (line ~ /^# (The notes say|笔记)/ && match(line, /(: |：)/)) {
            said = substr(line, 3, RSTART - 3)
            line = substr(line, RSTART + RLENGTH)
            h = said ~ /wrong|有误/ ? "w" : said ~ /in part|有条件/ ? "i" : ""
            gsub(/[^-0-9.Sk ]/, " ", said)
            add("<li class=nt><b>" (lang == "zh" ? "笔记原文" : w("{{The notes say|笔记原文}}")) "</b> <q>" (lang == "zh" ? esc(line) : t(line)) "</q> " (h ? badge(h) : "") ids(said) "</li>")
        } else if (line ~ /^(Bail out!|1\.\.0|# .*(killed by|left after))/) {
            if (lang == "en") state[demo, line ~ /^1/ ? "none" : "stopped"] = 1
            add("<li class=stop>" esc(line) "</li>")
        } else if (line ~ /^# /) add("<li class=tl>" (lang == "zh" ? esc(substr(line, 3)) : t(substr(line, 3))) "</li>")
        else add("<li class=stop>" esc(line) "</li>")
    }
    flush()
    close(file)
    return step
}

function p(html) { out = out html "\n" }

# ---- one demo ----
function log_of(n,    s, two) {
    two = (n ? heading["zh", n] : body["zh", n]) != ""
    s = "<ol class=log" (two ? " lang=en" : "") ">\n" body["en", n] "</ol>"
    return s (two ? "<ol class=log lang=zh>\n" body["zh", n] "</ol>" : "")
}
function demo_html(demo,    n, ran, title, q, status) {
    read_source(demo)
    read_functions(demo)
    split("", heading)
    split("", body)
    ran = read_run(demo, "en")
    read_run(demo, "zh")
    getline status < (tmp "/" demo ".status")
    question[demo] = head["question"]
    if (status && !((demo, "none") in state) && !((demo, "bad") in state)) state[demo, "stopped"] = 1
    p("<article class=demo id=\"" demo "\"><header><p class=kick><code>" demo "</code> " w("{{notes|笔记}}, ") esc(head["Notes"]) "</p>")
    p("<h2>" t(head["question"]) "</h2><p class=watch><b>" w("{{Watch|看点}}") "</b> " t(head["Watch"]) "</p>")
    if (body["en", 0]) p(log_of(0))
    p("</header>")
    p("<details class=pro><summary>" w("{{The source above step 1|第 1 步之前的源代码}}") "</summary><pre class=src data-s=0>" \
        numbered(1, (1 in from ? from[1] : lines + 1) - 1) "</pre></details><ol class=steps>")
    for (n = 1; n <= steps_here; n++) {
        q = asks[n]
        title = n > ran ? t(steps_text[n]) " " w("<em>{{(not reached)|（未执行到）}}</em>") : \
            heading["zh", n] ? both(esc(heading["en", n]), esc(heading["zh", n])) : t(heading["en", n])
        p("<li class=step id=\"" demo "/" n "\"" (q ? " data-q" : "") "><div class=q><h3><span class=sn>" n "</span>" title "</h3>" \
            (q ? "<p class=pre><b>" w("{{Predict|先预测}}") "</b> " t(q) "</p>" : "") "</div>")
        p((q ? "<details class=a><summary>" w("{{Reveal|揭晓}}") "</summary>" : "<div class=a>") "<div class=ab><div class=ch>" \
            (functions[n] ? "<pre class=\"src fn\">" functions[n] "</pre>" : "") "<pre class=src data-s=" n ">" numbered(from[n], to[n]) "</pre></div>")
        p(log_of(n) "</div>" (q ? "</details>" : "</div>") "</li>")
    }
    p("</ol>")
    try_html(demo)
    p("</article>")
}

# ---- Try this: the experiments that were run ----
function try_html(demo,    line, file, n, key, last, listed) {
    file = "tests/experiments/" demo ".txt"
    while ((getline line < file) > 0) {
        if (line ~ /^[0-9]+\. /) {
            n = line + 0
            sub(/^[0-9]+\. /, "", line)
            last = n
            field[n, "aim"] = line
            field[n, "why"] = ""
        } else if (line ~ /^   why /) { sub(/^ +why +/, "", line); field[n, "why"] = line }
    }
    close(file)
    for (n = 1; n <= last; n++) {
        file = tmp "/" demo "." n ".diff"
        key = 0
        while ((getline line < file) > 0) {
            if (line ~ /^\+\+\+ /) { sub(/^\+\+\+ (\.\/)?/, "", line); sub(/[ \t].*/, "", line); changed_file = line }
            else if (line ~ /^@@/) { split(line, listed, /[-+, ]+/); old_at = listed[2] + 0; old = new = "" }
            else if (line ~ /^-[^-]/) old = substr(line, 2)
            else if (line ~ /^\+/) {
                if (!key++) {
                    if (!tried++) p("<section class=try id=\"" demo "/try\"><h3>" w("{{Try this: change one line. Which checks will fail?|试一试：改一行。哪些检查会不成立？}}") "</h3><ol>")
                    p("<li" (changed_file == demo ".c" ? " data-l=" old_at : "") "><p class=aim><span class=tn>" n "</span>" t(field[n, "aim"]) "</p>")
                }
                p("<p class=df><code>" change(changed_file == demo ".c" ? "" : changed_file ":", old, substr(line, 2)) "</code></p>")
            }
        }
        close(file)
        if (key) try_result(demo, n)
    }
    if (tried) p("</ol><p class=cmd>" w("{{More of these|更多改动}}: ") "<code>scripts/try " demo "</code></p></section>")
    tried = 0
}
# The two lines as one, with what has gone and what has come.
function change(file, a, b,    i, j) {
    while (i < length(a) && substr(a, i + 1, 1) == substr(b, i + 1, 1)) i++
    while (j < length(a) - i && j < length(b) - i && substr(a, length(a) - j, 1) == substr(b, length(b) - j, 1)) j++
    while (i && substr(a, i, 1) ~ /[A-Za-z_0-9]/) i--
    while (j && substr(a, length(a) - j + 1, 1) ~ /[A-Za-z_0-9]/) j--
    sub(/^ +/, "", file)
    return "<span class=ln>" file old_at "</span>" esc(trim(substr(a, 1, i))) "<del>" esc(substr(a, i + 1, length(a) - i - j)) "</del><ins>" \
        esc(substr(b, i + 1, length(b) - i - j)) "</ins>" esc(substr(a, length(a) - j + 1))
}
function trim(s) { sub(/^ +/, "", s); return s }
function try_result(demo, n,    line, file, ok) {
    p("<details><summary>" w("{{What fails?|哪些不成立？}}") "</summary><ol class=log>")
    lang = "try"
    step = n
    body[lang, n] = item = ""
    file = tmp "/" demo "." n ".out"
    while ((getline line < file) > 0) {
        if (line ~ /^#   (seen|false)/ && item) { item = item "<small class=why><code>" esc(substr(line, 5)) "</code></small>"; continue }
        flush()
        if (line ~ /^not ok /) item = check_item(line, demo)
        else if (line ~ /^(Bail out!|# .*(killed by|left after))/) add("<li class=stop>" esc(line) "</li>")
        else if (line ~ /^ok /) ok++
    }
    flush()
    close(file)
    gsub(/ data-id="[^"]*"/, "", body[lang, n])
    p(sprintf("%s</ol><p class=sum>%s %s</p></details></li>\n", body[lang, n], w("{{The other " ok + 0 " hold.|其余 " ok + 0 " 项成立。}}"), t(field[n, "why"])))
}

# ---- how fast ----
function ns(value, unit) { return value * (unit == "ns" ? 1 : unit == "us" ? 1e3 : unit == "ms" ? 1e6 : 1e9) }
function where(value) { return sprintf("%.2f%%", 100 * (log(value) / log(10) - low) / (high - low)) }
function speed_html(demo,    line, file, rows, n, f, rest, tables, i, c, fact, facts, title, s) {
    low = 99
    high = -99
    file = tmp "/" demo ".en"
    split("", row)
    while ((getline line < file) > 0) {
        if (line ~ /^#   .* median +quartiles/) { rows++; row[rows, "title"] = trim(substr(line, 5, 26)); sub(/ +$/, "", row[rows, "title"]); tables++ }
        else if (tables && line ~ /^#   .*[0-9] [num]?s +[0-9.]+ [num]?s\.\./) {
            rows++
            row[rows, "name"] = substr(line, 5, 26)
            sub(/ +$/, "", row[rows, "name"])
            rest = substr(line, 31)
            gsub(/\.\./, " ", rest)
            split(rest, f, " ")
            row[rows, "median"] = f[1] " " f[2]
            row[rows, "fast"] = f[7]
            for (i = 1; i <= 3; i++) {
                row[rows, i] = ns(f[2 * i - 1], f[2 * i])
                if (row[rows, i] <= 0) row[rows, i] = .1
                s = log(row[rows, i]) / log(10)
                if (s < low) low = s
                if (s > high) high = s
            }
        } else if (tables && line ~ /^#       [^ ]/) row[rows, "why"] = substr(line, 9)
        else if (line ~ /^#   (yes|no|undecided): /) facts = facts substr(line, 5) "\n"
        else if (line ~ /^# The notes say/) facts = facts line "\n"
    }
    close(file)
    if (!tables) return
    low = int(low + 10) - 10
    high = int(high + 11) - 10
    measured++
    p("<section class=sp><p class=kick><a href=\"#" demo "\"><code>" demo "</code></a></p><h2>" t(question[demo]) "</h2>")
    c = split(facts, fact, "\n")
    for (n = 1; n <= rows; n++) {
        if ((n, "title") in row) {
            title = row[n, "title"]
            if (n > 1) p("</ol></div>")
            s = ""
            for (i = 1; i < c; i++) if (match(fact[i], /^[a-z]+: +/) && index(substr(fact[i], RLENGTH + 1), title)  == 1) {
                rest = substr(fact[i], RLENGTH + length(title) + 1)
                sub(/ \([^()]*\)$/, "", rest)
                sub(/^, /, "", rest)
                sub(/^: /, "", rest)
                if (!index(s, rest)) s = s (s ? "; " : ": ") rest
            }
            p("<div class=chart><h3>" t(title) esc(s) "</h3><div class=axis aria-hidden=true>")
            for (i = low; i <= high; i++)
                p(sprintf("<span style=\"left:%.2f%%\">%d %s</span>", 100 * (i - low) / (high - low), 10 ^ ((i + 9) % 3), i < 0 ? "ps" : i < 3 ? "ns" : i < 6 ? "µs" : i < 9 ? "ms" : "s"))
            p("<em>" w("{{median|中位数}}") "</em><em>" w("{{× as fast|速度，倍}}") "</em></div><ol>")
        } else {
            sub(/ us/, " µs", row[n, "median"])
            p("<li class=\"bar" (row[n, "name"] ~ /memory|mapping|ring|mmap/ ? " mem" : "") "\"><span class=bl>" t(row[n, "name"]) "</span><span class=bt style=\"--m:" \
                where(row[n, 1]) ";--a:" where(row[n, 2]) ";--b:" where(row[n, 3]) "\"><i></i><b></b></span><span class=bv>" row[n, "median"] \
                "</span><span class=bf>" row[n, "fast"] "</span>" ((n, "why") in row ? "<small>" t(row[n, "why"]) "</small>" : "") "</li>")
        }
    }
    p("</ol></div><ul class=facts>")
    for (i = 1; i < c; i++) {
        if (match(fact[i], /^[a-z]+: +/)) {
            s = substr(fact[i], 1, index(fact[i], ":") - 1)
            p("<li class=" s "><b>" w(answer[s]) "</b> " esc(substr(fact[i], RLENGTH + 1)) "</li>")
        } else { sub(/^# The notes say \([^)]*\): /, "", fact[i]); p("<li class=nt><b>" w("{{The notes say|笔记说}}") "</b> <q>" t(fact[i]) "</q></li>") }
    }
    p("</ul></section>")
}

# ---- statements, contents, symptoms ----
function section_of(id) { return id ~ /^S/ ? "S" : int(id) "" }
function statements_html(    i, k, id, s, n, list, part, demo, by, none) {
    p("<ol class=sts>")
    for (i = 1; i <= claims; i++) {
        id = order[i]
        if (section_of(id) != s) {
            s = section_of(id)
            p("<li class=sec data-s=" s "><h2><span>" (s == "S" ? "" : s) "</span>" w(title[s]) "</h2></li>")
        }
        by = demo = ""
        if (decided[id] ~ /^[0-9][0-9]_[a-z0-9_]*:[0-9]/) {
            n = split(decided[id], list, " ")
            for (k = 1; k <= n; k++) {
                split(list[k], part, ":")
                if (part[1] != demo) by = by (demo ? "</span>" : "") "<span class=by><a href=\"#" part[1] "\">" part[1] "</a>"
                demo = part[1]
                by = by " <a href=\"#" list[k] "\">" part[2] "</a>"
            }
            by = by "</span>"
        } else if (decided[id]) {
            split(decided[id], part, ": ")
            by = w("{{not checked|不检查}}: ") esc(substr(decided[id], length(part[1]) + 3)) " <a href=\"#" part[1] "\">" part[1] "</a>"
        }
        p("<li class=st id=\"" id "\" data-s=" s " data-v=" verdict[id] "><a class=id href=\"#" id "\">" id "</a>" badge(verdict[id]))
        p("<div class=sy>" (original[id] ? "<q class=or lang=zh-Hans>" esc(original[id]) "</q>" : "") "<p>" t(says[id]) \
            (source[id] == "implied" ? " <small>" w("({{implied|隐含}})") "</small>" : "") "</p></div>")
        p("<div class=tr>" (truth[id] ? "<p>" t(truth[id]) "</p>" : "") "</div><div class=de>" by "</div></li>")
    }
    p("</ol>")
}
function contents_html(    i, k, s, n, part, demo, link) {
    for (i = 1; i <= claims; i++) if (!(section_of(order[i]) in seen)) { seen[section_of(order[i])] = 1; sections[++n] = section_of(order[i]) }
    for (k = 1; k <= demo_count; k++) if (!((s = substr(demos[k], 1, 2) + 0 "") in seen)) { seen[s] = 1; sections[++n] = s }
    for (i = 1; i <= n; i++) {
        s = sections[i]
        link = s > 12 ? "" : " href=\"#statements?s=" s "\""
        p("<li><h2><span>" (s == "S" ? "" : s) "</span><a" link ">" w(title[s]) "</a></h2><p class=sqs aria-hidden=true>")
        for (k = 1; k <= claims; k++) if (section_of(order[k]) == s)
            p("<a class=\"sq " verdict[order[k]] "\" href=\"#" order[k] "\" tabindex=-1 title=\"" order[k] ": " esc(says[order[k]]) "\"></a>")
        p("</p><ul>")
        for (k = 1; k <= demo_count; k++) if ((demo = demos[k]) ~ "^0*" s "_")
            p("<li><a href=\"#" demo "\"><code>" demo "</code> <span>" t(question[demo]) "</span>" state_html(demo) "</a></li>")
        p("</ul></li>")
    }
}
function title_in_one(s,    name) {
    split(substr(title[s], 3, length(title[s]) - 4), name, "|")
    return esc(name[1] " · " name[2])
}
function tally_html(    i, v) {
    for (i = 1; i <= 5; i++) if ((v = substr("hiwau", i, 1)) in tally)
        p("<a href=\"#statements?v=" v "\"><b>" tally[v] "</b> <span class=\"sq " v "\"></span>" w(word[v]) "</a>")
}
function about_html() {
    p(w("{{Run on this machine|本机运行}}: ") esc(date " · " kernel) " · " w("{{pages of|页大小}} ") page_size w(" {{bytes|字节}} · " (uid == 0 ? "{{as root|root 用户}}" : "{{as an ordinary user|普通用户}}")) \
        " · " demo_count w(" {{demos|个演示程序}}, ") count["ok"] + 0 w(" {{checks hold|项检查成立}}, ") count["skip"] + 0 w(" {{skipped|项跳过}}, ") count["bad"] + 0 w(" {{failed|项不成立}}"))
}
function state_html(demo) {
    return ((demo, "stopped") in state ? " <b class=alarm>" w("{{stopped|中止}}") "</b>" : "") \
        ((demo, "bad") in state ? " <b class=alarm>" state[demo, "bad"] w(" {{failed|项不成立}}") "</b>" : "") \
        ((demo, "none") in state ? " <b class=quiet>" w("{{not here|本机无法运行}}") "</b>" : "") \
        ((demo, "skip") in state ? " <b class=quiet>" state[demo, "skip"] w(" {{skipped|项跳过}}") "</b>" : "")
}
function symptoms_html(    line, f, n, found) {
    while ((getline line < "tests/symptoms.tsv") > 0) {
        if (split(line, f, "\t") < 4 || !(f[3] in question)) continue
        found = ""
        for (n = 1; n < 99 && !found; n++) if (index(sentence[f[3], n], f[4])) found = n
        p("<li><b>" t(f[1]) "</b><p>" t(f[2]) "</p><p class=de><a href=\"#" f[3] (found ? ":" found : "") "\">" f[3] (found ? " " found : "") "</a> " \
            t(found ? sentence[f[3], found] : f[4]) "</p></li>")
    }
}

BEGIN {
    word["h"] = "{{holds|成立}}"; word["i"] = "{{in part|有条件成立}}"; word["w"] = "{{wrong|有误}}"
    word["a"] = "{{addition|笔记未提}}"; word["u"] = "{{untested|未检查}}"
    letter["holds"] = "h"; letter["holds-if"] = "i"; letter["wrong"] = "w"; letter["addition"] = "a"
    result["ok"] = "{{holds|成立}}"; result["bad"] = "{{fails|不成立}}"; result["skip"] = "{{skipped|跳过}}"
    answer["yes"] = "{{yes|是}}"; answer["no"] = "{{no|否}}"; answer["undecided"] = "{{undecided|无法判定}}"
    title["1"] = "{{The call|mmap 函数概述}}"; title["2"] = "{{What it is good for|mmap 的优势}}"
    title["3"] = "{{How it works|共享内存映射的原理}}"; title["4"] = "{{MAP_SHARED and MAP_PRIVATE|MAP_SHARED vs MAP_PRIVATE}}"
    title["5"] = "{{Copy-on-write|写时复制（COW）机制详解}}"; title["6"] = "{{Is it the same memory?|映射区是否相同？}}"
    title["7"] = "{{Parent and child|父子进程通信}}"; title["8"] = "{{Unrelated processes|无血缘关系进程通信}}"
    title["9"] = "{{/dev/zero and no file at all|/dev/zero 与匿名映射}}"; title["10"] = "{{Pitfalls|使用注意事项}}"
    title["11"] = "{{The safe way to call it|保险调用方式}}"; title["12"] = "{{Whole programs|实际应用示例}}"
    title["13"] = "{{Beyond the notes|笔记之外}}"; title["S"] = "{{Summary of the notes|总结}}"
    while (("ls demos/zh/*.txt 2>/dev/null" | getline file) > 0) {
        while ((getline line < file) > 0) if (line != "" && line !~ /^#/ && (getline line2 < file) > 0) chinese[line] = line2
        close(file)
    }
    while ((getline line < "tests/claims.tsv") > 0) {
        split(line, f, "\t")
        if (f[1] == "claim") continue
        order[++claims] = f[1]
        verdict[f[1]] = f[2] in letter ? letter[f[2]] : "u"
        tally[verdict[f[1]]]++
        source[f[1]] = f[3]; original[f[1]] = f[4]; says[f[1]] = f[5]; truth[f[1]] = f[6]
    }
    while ((getline line < (tmp "/decided")) > 0) { split(line, f, "\t"); decided[f[1]] = f[2] }
    here = tmp "/here"
    while ((getline line < here) > 0 && line != "") demos[++demo_count] = line
    getline kernel < here
    getline page_size < here
    getline date < here
    getline uid < here
    # The demos first: what stands above them in the page speaks of them.
    for (k = 1; k <= demo_count; k++) {
        out = ""
        demo_html(demos[k])
        docs[k] = out
    }
    while ((getline line < "scripts/page.html") > 0) {
        out = ""
        if (line == "@docs@") for (k = 1; k <= demo_count; k++) print docs[k]
        else if (line == "@contents@") contents_html()
        else if (line == "@statements@") statements_html()
        else if (line == "@symptoms@") symptoms_html()
        else if (line == "@speed@") for (k = 1; k <= demo_count; k++) speed_html(demos[k])
        else if (line == "@tally@") tally_html()
        else if (line == "@sections@") for (k = 1; k <= 12; k++) p("<option value=" k ">" k " " title_in_one(k) "</option>")
        else if (line == "@about@") about_html()
        else out = w(line) "\n"
        printf "%s", out
    }
}
