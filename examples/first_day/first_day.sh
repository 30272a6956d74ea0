#!/bin/sh
# A student's first day, with nothing but curl and oathtool: an account with 2FA, a login in two
# steps, a seat in a course, the timetable with it, and the end of the session.
#
#     ./start_backend.sh && examples/first_day/first_day.sh
#
# The services are asked where AUTH_NODE_URL and STUDENT_NODE_URL say, and the administrator's
# password is ADMIN_PASSWORD; the defaults are those of ./start_backend.sh.
set -eu

auth=${AUTH_NODE_URL:-http://localhost:8002}
student=${STUDENT_NODE_URL:-http://localhost:8004}
name=student.$$.$(date +%s)
password=a-password-for-$name

# send METHOD URL TOKEN [FORMAT VALUE...]: sends a request whose body printf makes and keeps the
# answer; a refusal ends the script. curl reads token and body from its standard input, since
# everybody on this machine may read the arguments of a program.
send() {
    method=$1 url=$2 token=$3
    shift 3
    answer=$({
        printf 'header = "Authorization: Bearer %s"\n' "$token"
        if [ $# -gt 0 ]; then
            # shellcheck disable=SC2059 # the format is the caller's
            body=$(printf "$@" | tr -d '\n' | sed 's/[\\"]/\\&/g')
            printf 'header = "Content-Type: application/json"\ndata = "%s"\n' "$body"
        fi
    } | curl --silent --show-error --fail-with-body --max-time 30 --request "$method" --config - \
        "$url") || {
        echo "$method $url was refused: $answer" >&2
        exit 1
    }
}

# member NAME: the first text or number of that name in the answer.
# shellcheck disable=SC2020 # both characters become ends of lines
member() { echo "$answer" | tr '{,' '\n\n' | sed -n "s/^\"$1\":\"\{0,1\}\([^\"}]*\).*/\1/p" | sed 1q; }

app_shows() { oathtool --totp --base32 "$secret"; }

# What an administrator does before: a course to choose, and a code that lets a student register.
send POST "$auth/login/admin" "" '{"username":"admin","password":"%s"}' "${ADMIN_PASSWORD:-admin123}"
admin=$(member access_token)
send POST "$auth/admin/courses/bulk-import" "$admin" '[{"course_name":"Algebra for %s",
    "course_credit":3,"course_type":"required","course_location":"A101","course_capacity":25,
    "course_schedule":{"monday":[1,2]}}]' "$name"
course=$(member course_id)
send POST "$auth/generate/registration-code" "$admin" '{"user_type":"student"}'
code=$(member code)
echo "The administrator has made course $course and a registration code."

# An account: the answer holds the secret for the authenticator app, once and never again.
send POST "$auth/register/v1" "" \
    '{"username":"%s","password":"%s","user_type":"student","registration_code":"%s"}' \
    "$name" "$password" "$code"
secret=$(member totp_secret)
send POST "$auth/register/v2" "$(member refresh_token)" '{"totp_code":"%s"}' "$(app_shows)"
echo "$name has registered and confirmed the authenticator app."

# A login: the password gives a refresh token, and that with a code of the app an access token.
send POST "$auth/login/v1" "" '{"username":"%s","password":"%s"}' "$name" "$password"
send POST "$auth/login/v2" "$(member refresh_token)" '{"totp_code":"%s"}' "$(app_shows)"
access=$(member access_token)
echo "$name has logged in."

# A seat: the request is queued; its task tells what was decided, as soon as it is.
send POST "$student/student/course/select" "$access" '{"course_id":%s}' "$course"
send GET "$student/student/queue/status?wait=20&task_id=$(member task_id)" "$access"
echo "The selection of course $course is $(member status)."
[ "$(member status)" = completed ]

send GET "$student/student/schedule" "$access"
echo "The week of $name, by day (1 is Monday):"
echo "$answer"

# The end of the session reaches every service within a moment: the access token is worthless then.
send POST "$auth/logout" "$access"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    status=$(printf 'header = "Authorization: Bearer %s"\n' "$access" | curl --silent --config - \
        --output /dev/null --write-out '%{http_code}' "$student/student/schedule")
    [ "$status" = 200 ] || break
    sleep 0.2
done
echo "After logout the student service answers $status."
[ "$status" = 401 ]
